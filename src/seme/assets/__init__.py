"""Real models and data by name: installed packages first, the hub last, always checked."""
