"""Probes over every layer of a model, from one recording, with the controls that make them mean something.

`record_states` runs a model once over token sequences and keeps one vector a layer and text. `probe_layers` fits a
`Probe` at every layer on splits that keep groups together. `LayerScores` has accuracies with bands from a bootstrap
over groups. Controls: `shuffled=True`, `bag_of_words`, layer 0 (the embeddings), and `untrained`.
"""

from seme.interp.probes.calibration import expected_calibration_error, fit_temperature
from seme.interp.probes.controls import bag_of_words, shuffled_within, untrained
from seme.interp.probes.forest import ForestProbe
from seme.interp.probes.layers import probe_layers
from seme.interp.probes.probe import Probe, ProbeWarning
from seme.interp.probes.recording import record_states
from seme.interp.probes.scores import LayerScores
from seme.interp.probes.splitting import grouped_splits
from seme.interp.probes.states import LayerStates

__all__ = [
    "ForestProbe",
    "LayerScores",
    "LayerStates",
    "Probe",
    "ProbeWarning",
    "bag_of_words",
    "expected_calibration_error",
    "fit_temperature",
    "grouped_splits",
    "probe_layers",
    "record_states",
    "shuffled_within",
    "untrained",
]
