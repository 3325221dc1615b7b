"""The seeds' handler, as in their course: it imports and downloads everything at the start, whatever the
question. The network is in bench/seeds.py.
"""

try:
    import unzip_requirements  # noqa: F401, it is in the package that unpacks itself at the start
except ImportError:
    pass

import base64
import io
import json
import os

import boto3
import torch
import torchvision  # noqa: F401
import torchvision.transforms as transforms
from PIL import Image
from requests_toolbelt.multipart import decoder

s3 = boto3.client("s3")
model = torch.jit.load(
    io.BytesIO(s3.get_object(Bucket=os.environ["S3_BUCKET"], Key=os.environ["MODEL_PATH"])["Body"].read())
)


def transform_image(image_bytes):
    transformations = transforms.Compose(
        [
            transforms.Resize((128, 128)),
            transforms.ToTensor(),
            transforms.Normalize((0.480, 0.448, 0.398), (0.277, 0.269, 0.282)),
        ]
    )
    return transformations(Image.open(io.BytesIO(image_bytes)).convert("RGB")).unsqueeze(0)


def picture_in(event):
    body = base64.b64decode(event["body"])
    return decoder.MultipartDecoder(body, event["headers"]["content-type"]).parts[0].content


def handler(event, context):
    found = model(transform_image(picture_in(event)))
    file = io.BytesIO()
    transforms.ToPILImage()(found[0].detach()).save(file, "PNG")
    answer = {
        "file": "car",
        "reconstructed": "data:image/png;base64," + base64.b64encode(file.getvalue()).decode(),
    }
    headers = {
        "Content-Type": "application/json",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Credentials": True,
    }
    return {"statusCode": 200, "headers": headers, "body": json.dumps(answer)}
