"""Which mentions may be one party: distinct evidence, blocking, scoring. Nothing here decides who is who (`pipelines/cluster`)."""
