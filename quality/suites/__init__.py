"""The checks of each layer, generated from the contracts."""
