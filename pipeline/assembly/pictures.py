"""The cover as a stream of its own, which is how FFmpeg's FLAC muxer is given one."""

from __future__ import annotations

import io
from fractions import Fraction

import av
from av.container.output import OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from pipeline.assembly.cover import Cover

_FRONT = "Cover (front)"
"""By these words the muxer knows the picture's kind (RFC 9639, section 8.8)."""


def attach(container: OutputContainer, cover: Cover) -> Packet[Stream]:
    """Announce the picture; the packet that carries it, byte for byte, is muxed when all streams are announced."""
    with av.open(io.BytesIO(cover.data), "r") as picture:
        stream = container.add_stream_from_template(picture.streams.video[0])
    stream.disposition = Disposition.attached_pic
    stream.metadata["comment"] = _FRONT
    packet = Packet(cover.data)
    packet.stream = stream
    packet.time_base = Fraction(1, 1000)
    packet.pts = packet.dts = 0
    packet.is_keyframe = True
    return packet
