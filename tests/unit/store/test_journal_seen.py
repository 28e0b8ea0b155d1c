"""What runs saw is found again by the end of its name, over all runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journals import NOW, open_journal

from getvpn_ops.model.journal import StateSeen

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_seen_is_found_by_the_end_of_its_name(store_url: str, tmp_path: Path) -> None:
    with open_journal(store_url, tmp_path / "end") as (store, journal):
        first, second = (store.begin_run("apply", NOW).id for _ in range(2))
        assert journal.seen(".measured") == ()
        journal.append(first, StateSeen("004.lon-gm1.measured", (("kind", "ASR1002 3.7"), ("told", "no gap"))))
        journal.append(first, StateSeen("004.lon-gm1.measured.more", (("kind", "another"),)))
        journal.append(first, StateSeen("005", (("told", '004.lon-gm1.measured"'),)))
        journal.append(second, StateSeen("004.cph-gm1.measured", (("kind", "2921 15.2"),)))
        assert journal.seen(".measured") == (
            (first, {"kind": "ASR1002 3.7", "told": "no gap"}),
            (second, {"kind": "2921 15.2"}),
        )
        assert journal.seen("_measured") == (), "no pattern: each sign stands for itself"
