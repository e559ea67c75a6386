"""The parts of the experiment of paper 01: exact checks, angles, the order of units, and the scaling grid."""
