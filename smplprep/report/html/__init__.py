"""The HTML page of a report; needs the extra ``report`` (plotly, for its JavaScript)."""
