"""The shipped car network in onnxruntime, in two ways: as most people would write it, with boto3 and a form,
and lean, without them.
"""

import base64
import io
import json
import os
import urllib.request

import numpy as np
import onnxruntime
from PIL import Image

LEAN = "LEAN" in os.environ
if LEAN:
    with urllib.request.urlopen(
        "%s/%s/%s" % (os.environ["AWS_ENDPOINT_URL"], os.environ["S3_BUCKET"], os.environ["MODEL_PATH"])
    ) as reply:
        network = reply.read()
else:
    import boto3
    from requests_toolbelt.multipart import decoder

    network = (
        boto3.client("s3")
        .get_object(Bucket=os.environ["S3_BUCKET"], Key=os.environ["MODEL_PATH"])["Body"]
        .read()
    )

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", 1))
session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


def picture_in(event):
    body = base64.b64decode(event["body"])
    return body if LEAN else decoder.MultipartDecoder(body, event["headers"]["content-type"]).parts[0].content


def square_of(data):
    picture = Image.open(io.BytesIO(data)).convert("RGB").resize((128, 128), Image.BICUBIC)
    return np.asarray(picture, np.float32).transpose(2, 0, 1)[None] / np.float32(255)  # (1, 3, S, S)


def drawn(square):
    return session.run(None, {"photo": square})[0]


def handler(event, context):
    # (S, S, 3)
    picture = (drawn(square_of(picture_in(event)))[0].transpose(1, 2, 0) * 255).round().astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    body = json.dumps({"image": "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()})
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": body}
