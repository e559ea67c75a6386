"""Names of sites in TransformerLens, which other people's checkpoints use."""

from __future__ import annotations

import re

_TO_OURS = {
    "hook_resid_post": "resid.{n}",
    "hook_mlp_out": "mlp.{n}",
    "mlp.hook_post": "mlp.{n}.neurons",
    "hook_attn_out": "attn.{n}",
    "attn.hook_z": "attn.{n}.heads",
}
_HOOK = re.compile(r"blocks\.(\d+)\.(.+)")
_OURS = re.compile(r"(resid|mlp|attn)\.(\d+)(\.neurons|\.heads)?")


def site_of_hook(hook: str) -> str:
    """Return the site that a hook of TransformerLens means, or the name as it is where it is none."""
    found = _HOOK.fullmatch(hook)
    if found is None:
        return hook
    layer, name = int(found[1]), found[2]
    if name == "hook_resid_pre":
        return f"resid.{layer - 1}" if layer else "resid.embed"
    return _TO_OURS[name].format(n=layer) if name in _TO_OURS else hook


def hook_of_site(site: str) -> str:
    """Return the hook of TransformerLens that a site is, or the name as it is where there is none."""
    if site == "resid.embed":
        return "blocks.0.hook_resid_pre"
    found = _OURS.fullmatch(site)
    if found is None:
        return site
    pattern = f"{found[1]}.{{n}}{found[3] or ''}"
    names = {ours: name for name, ours in _TO_OURS.items()}
    return f"blocks.{found[2]}.{names[pattern]}" if pattern in names else site
