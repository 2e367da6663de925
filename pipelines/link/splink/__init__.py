"""Models of Splink 3 to 5, as its `save_model_to_json` writes them, turned into models of tables. Splink itself is not needed."""
