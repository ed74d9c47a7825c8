"""The plan for machines (README, "Results for machines")."""

from __future__ import annotations

import orjson

from pipeline.render.pace import Estimate
from pipeline.render.plan import Plan

PLAN_SCHEMA = 1


def plan_json(plan: Plan) -> bytes:
    """``plan --json``: totals and one row per segment, in reading order. Money is decimal text in EUR cents."""
    segments = list(plan.segments())
    missing = plan.to_make()
    document = {
        "schema": PLAN_SCHEMA,
        "engine": plan.engine,
        "provider": plan.provider,
        "model": plan.model,
        "totals": {
            "segments": len(segments),
            "stored": sum(1 for planned in segments if planned.take is not None),
            "in_store": sum(1 for planned in segments if planned.elsewhere),
            "to_make": len(missing),
            "characters_to_make": sum(len(planned.segment.text) for planned in missing),
            **estimate_json(plan.estimate),
        },
        "segments": [
            {
                "key": planned.key,
                "chapter": planned.segment.chapter,
                "index": planned.segment.index,
                "text": planned.segment.text,
                "voice": planned.segment.voice,
                "state": planned.state.value,
                "in_store": planned.elsewhere,
                "reason": planned.reason,
                "take": planned.order.number,
            }
            for planned in segments
        ],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def estimate_json(estimate: Estimate) -> dict[str, object]:
    """Seconds, cents (decimal text, null: unknown) and what they rest on."""
    return {
        "seconds_low": estimate.seconds_low,
        "seconds_high": estimate.seconds_high,
        "cents_low": None if estimate.cents_low is None else str(estimate.cents_low),
        "cents_high": None if estimate.cents_high is None else str(estimate.cents_high),
        "basis": estimate.basis,
    }
