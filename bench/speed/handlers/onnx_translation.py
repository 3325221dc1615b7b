"""The shipped de-en Transformer in onnxruntime and SentencePiece, with greedy search: with boto3, and lean
without it. It answers only the translation.
"""

import base64
import json
import os
import urllib.request

import numpy as np
import onnxruntime
import sentencepiece

if "LEAN" not in os.environ:
    import boto3

    s3 = boto3.client("s3")

BEGIN, END = 1, 2
MOST = 100  # subwords of a translation


def fetched(name):
    if "LEAN" in os.environ:
        with urllib.request.urlopen(
            "%s/%s/%s" % (os.environ["AWS_ENDPOINT_URL"], os.environ["S3_BUCKET"], name)
        ) as reply:
            return reply.read()
    return s3.get_object(Bucket=os.environ["S3_BUCKET"], Key=name)["Body"].read()


options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", 1))
encoder, decoder = (
    onnxruntime.InferenceSession(
        fetched("translation-%s.onnx" % part), options, providers=["CPUExecutionProvider"]
    )
    for part in ("encode", "step")
)
pieces = sentencepiece.SentencePieceProcessor(model_proto=fetched("subwords.model"))


def translated(text):
    hidden, *fixed = encoder.run(None, {"source": np.array([pieces.encode(text) + [END]])})
    moving = [keys[:, :, :0] for keys in fixed]  # (1, H, 0, K)
    names, said = [given.name for given in decoder.get_inputs()], [BEGIN]
    while said[-1] != END and len(said) < MOST:
        scores, *moving = decoder.run(None, dict(zip(names, [np.array(said[-1:]), *moving, hidden, *fixed])))
        said.append(int(scores.argmax()))
    return pieces.decode([token for token in said if token > END])


def handler(event, context):
    body = base64.b64decode(event["body"]) if event.get("isBase64Encoded") else event["body"]
    answer = json.dumps({"translation": translated(json.loads(body)["text"])})
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": answer}
