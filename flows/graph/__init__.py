"""The picture of a flow: Mermaid text for a document, an SVG file for a person."""

from skyloom.flows.graph.mermaid import mermaid
from skyloom.flows.graph.svg import svg

__all__ = ["mermaid", "svg"]
