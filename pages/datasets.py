"""Datasets: create them, and link exactly what belongs in them."""

from components import dataset_tabs, layout, run_picker

layout.page_head(
    "Datasets",
    "Link a run's files, with those of its retries, to one dataset or to several",
    word="dataset, data row",
)
dataset_tabs.show(run_picker.pick("datasets"))
