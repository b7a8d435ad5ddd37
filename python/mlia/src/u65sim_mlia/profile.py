"""A target profile: one of u65sim's targets, and how networks are compiled for it."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import u65sim
from mlia.target.config import TargetProfile


class U65simProfile(TargetProfile):
    """Keys of a profile's [config]: `preset` or `yaml` (a file), `settings` (a list like
    "sram.size=512KiB"), `effort`, `like_vela`, and `advice` (false: no advice is worked out)."""

    def __init__(self, **given: Any) -> None:
        super().__init__(given["target"], given.get("backend_config"))
        self.profile_name: str = given["profile_name"]
        self.settings: list[str] = list(given.get("settings", []))
        self.oracle_settings = u65sim.OracleSettings(
            effort=given.get("effort", "normal"), like_vela=bool(given.get("like_vela", False)))
        self.wants_advice = bool(given.get("advice", True))
        base = (u65sim.Target.from_yaml(Path(given["yaml"])) if "yaml" in given
                else u65sim.Target.preset(given["preset"]))
        self.hardware = base.with_settings(*self.settings)

    def verify(self) -> None:
        """Raises ValueError for another target's profile."""
        super().verify()
        if self.target != "u65sim":
            raise ValueError(f"target_type = {self.target!r}: must be 'u65sim'")
