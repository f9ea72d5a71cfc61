"""Datasets: create them, and link exactly what belongs in them."""

from components import dataset_tabs, layout, links, run_picker

run = run_picker.chosen()

head = layout.page_head("Datasets", dataset_tabs.line(run), word="dataset, data row")
links.tell_unknown()
run_picker.show("datasets", run)
dataset_tabs.show(run, head)
