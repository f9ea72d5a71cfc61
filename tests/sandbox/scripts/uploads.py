# ruff: noqa: T201
from encord import EncordUserClient

user_client = EncordUserClient.create_with_ssh_private_key()
folder = user_client.create_storage_folder("Local files")

folder.upload_image("image.jpg", client_metadata={"source": "disk"})
folder.upload_video("video.mp4", title="A crossing")
folder.upload_audio("audio.wav")
folder.upload_text("text.txt")
folder.upload_pdf("document.pdf")
folder.upload_nifti("brain.nii")
folder.upload_time_series("series.csv")
folder.upload_scene_file("points.ply")
group = folder.create_image_group(["image.jpg", "other.jpg"], title="A pair")
folder.create_image_sequence(["image.jpg", "other.jpg"], title="A walk")
folder.create_dicom_series(["slice-1.dcm", "slice-2.dcm"], title="A scan")

for item in folder.list_items():
    print(f"{item.item_type.value}: {item.name} {item.client_metadata}")
for frame in user_client.get_storage_item(group).get_child_items():
    print(f"frame: {frame.name}")
