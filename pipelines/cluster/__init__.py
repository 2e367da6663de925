"""Who is who: clusters as a pure function of the pairs (law 1), customer ids as a fold over the registry (law 2)."""
