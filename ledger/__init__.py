"""What people and runs decide and do: the one store that is readable and writable while a run goes on. No personal value in clear."""
