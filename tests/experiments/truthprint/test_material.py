"""The world of shapes is what the page says, and mentions carry the labels and states of their tokens."""

from pathlib import Path

import numpy as np
import torch

from seme.experiments.truthprint import captioner, places, scenes, telling
from seme.experiments.truthprint.intervening import BEAM, TURN, _claim_less
from seme.experiments.truthprint.world import well_formed
from seme.interp.steering import Caption, Chair
from seme.report import Report


def test_captions_take_company_for_granted_as_often_as_said_and_pictures_show_what_is_there():
    rng = np.random.default_rng(0)
    world = scenes.World.drawn(3)
    drawn = [scenes.draw_scene(world, rng) for _ in range(1500)]
    granted = seen = lone = together = 0
    for scene in drawn:
        text = scenes.caption(scene, world, rng)
        named = {one.object for one in captioner.OBJECTS.find(text)}
        assert well_formed(text[:-1])
        assert len(text) <= scenes.LONGEST
        assert 1 <= len(scene.objects(world)) <= 5
        assert {str(host) for host in scene.hosts} <= named
        for host, there in zip(scene.hosts, scene.accompanied, strict=True):
            said = str(world.partners[host]) in named
            granted, lone = granted + (said and not there), lone + (not there)
            seen, together = seen + (said and there), together + there
    assert abs(granted / lone - 0.62) < 0.05
    assert abs(seen / together - 0.97) < 0.02
    picture = scenes.picture(drawn[0], world, rng)
    assert (picture.shape, picture.dtype) == ((3, 32, 32), np.float32)
    bright = (picture.reshape(3, 4, 8, 4, 8).max(axis=(0, 2, 4)) > 0.55).sum()
    assert bright == len(drawn[0].objects(world))


def test_whole_sentences_are_told_from_broken_ones():
    one, other = scenes.token(1), scenes.token(2)
    start = [scenes.THERE, scenes.IS, scenes.A]
    assert well_formed([*start, one, scenes.WITH, scenes.A, other, scenes.STOP, *start, one, scenes.STOP])
    for broken in (
        [],
        [*start, one],
        [*start, scenes.STOP],
        [*start, one, scenes.WITH, scenes.A, scenes.STOP],
        [*start, one, scenes.WITH, scenes.A, one, scenes.STOP],
    ):
        assert not well_formed(broken)


def _teller(folder: Path | None = None) -> telling.Teller:
    part = telling.Part([{"input_ids": torch.tensor([[1]])}], [frozenset({"1"})])
    return telling.Teller(
        "toy", None, captioner.OBJECTS, ("a",), (scenes.END,), (scenes.STOP,), 9, {"test": part}, well_formed, folder
    )


def test_mentions_have_the_states_before_and_at_their_token():
    ids = [scenes.THERE, scenes.token(1), scenes.STOP, scenes.token(2)]
    states = np.arange(8, dtype=np.float32).reshape(4, 2)
    caption = Caption(ids, np.array([-1.0, -2, -3, -4]), np.zeros(4), {"a": states})
    found = telling.mentions(_teller(), [caption], "test")
    assert found.thing.tolist() == ["1", "2"]
    assert found.hallucinated.tolist() == [False, True]
    assert (found.place.tolist(), found.within.tolist()) == ([1, 3], [1, 0])
    assert found.log_probs.tolist() == [-2, -4]
    np.testing.assert_array_equal(found.before["a"], states[[1, 3]])
    np.testing.assert_array_equal(found.after["a"], states[[2, 3]])
    assert found.where(found.hallucinated).thing.tolist() == ["2"]


def test_what_was_told_is_kept_and_not_told_again(tmp_path, monkeypatch):
    captions = [
        Caption([4, 5], np.array([-0.5, -1]), np.array([0.1, 0.2]), {"a": np.ones((2, 3), dtype=np.float32)}),
        Caption([6], np.array([-2.0]), np.array([0.3]), {"a": np.zeros((1, 3), dtype=np.float32)}),
    ]
    calls = []
    monkeypatch.setattr(telling.Teller, "_generated", lambda *_: calls.append(1) or captions)
    for _ in range(2):
        found = telling.greedy(_teller(tmp_path), "test")
        for one, other in zip(found, captions, strict=True):
            assert one.ids == other.ids
            np.testing.assert_array_equal(one.log_probs, other.log_probs)
            np.testing.assert_array_equal(one.states["a"], other.states["a"])
    assert len(calls) == 1


def test_things_have_one_name_for_one_and_one_for_many():
    names = places.spellings()
    assert names["knife"] == ["knife", "knives"]
    assert names["sheep"] == ["sheep"]
    assert names["bench"] == ["bench", "benches"]
    assert names["butterfly"] == ["butterfly", "butterflies"]
    assert places.article("oven") == "an oven"
    assert set(places.PLACES) >= places.INDOOR


def test_going_back_is_better_only_where_it_is_and_beyond_chance():
    report = Report(paper=48, slug="made", title="Made")
    for turned, p in ((0.1, 0.01), (0.1, 0.5), (0.3, 0.01)):
        chairs = {TURN: Chair(turned, 0.5, 0.9, 3.0), BEAM: Chair(0.2, 0.5, 0.9, 3.0)}
        _claim_less(report, f"Less at {turned} with {p}", BEAM, chairs, {BEAM: p})
    assert [one.verdict for one in report.claims] == ["holds", "fails", "fails"]
