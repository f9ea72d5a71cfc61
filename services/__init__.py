"""Everything the dashboard does, without the dashboard: no module below here imports Streamlit."""
