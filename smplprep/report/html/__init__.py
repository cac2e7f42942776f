"""The HTML page of a report; needs the extra ``report`` (Jinja2, and plotly for its JavaScript)."""
