"""The 360° profile: order statistics and value tiers, the facts of each customer, one masked document, and what it is found by."""
