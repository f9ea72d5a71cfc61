"""Everything the dashboard does, without the dashboard: no module below here imports Streamlit."""

__version__ = "0.1.0"
