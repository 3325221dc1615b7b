"""The requests that are timed, as API Gateway would send them: one per route, and those that the peers
understand.
"""

import json

import yaml

import local
from bench.speed.peers import ROOT
from deploy.costs import sent

PHOTO = (ROOT / "static" / "examples" / "beetle-orange.jpg").read_bytes()
BOUNDARY = "boundary-of-a-form"
FORM = (
    '--%s\r\nContent-Disposition: form-data; name="image"; filename="car.jpg"\r\nContent-Type: '
    "image/jpeg\r\n\r\n" % BOUNDARY
).encode()
# the peers run their networks once, so ours is not to refine what it drew
FORM += (
    PHOTO
    + (
        '\r\n--%s\r\nContent-Disposition: form-data; name="refine"\r\n\r\n0\r\n--%s--\r\n'
        % (BOUNDARY, BOUNDARY)
    ).encode()
)


def posted(path, **fields):
    return local.event_of("POST", path, {"content-type": "application/json"}, json.dumps(fields).encode())


def got(address):
    return local.event_of("GET", address, {}, b"")


def generate(count):
    return posted("/cars/generate", count=count, seed=1)


EVENTS = {
    "photo": local.event_of("POST", "/cars/reconstruct?refine=0", {"content-type": "image/jpeg"}, PHOTO),
    "refined": local.event_of("POST", "/cars/reconstruct", {"content-type": "image/jpeg"}, PHOTO),
    "form": local.event_of(
        "POST", "/cars/reconstruct", {"content-type": "multipart/form-data; boundary=" + BOUNDARY}, FORM
    ),
    "similarity": got("/words/similarity?a=car&b=truck"),
    "neighbours": got("/words/neighbours?word=car"),
    "sentence": posted("/translation", text="Zwei Kinder spielen im Park."),
    "health": got("/health"),
}
ROUTES = [  # a typical call of each route
    EVENTS["refined"],
    generate(1),
    posted("/cars/interpolate", latents=[[0.5] * 64, [-0.5] * 64], steps=16),
    posted("/cars/edit", latent=[0.5] * 64),
    EVENTS["similarity"],
    posted("/words/similarity", pairs=[["tea", "coffee"], ["tea", "tractor"]]),
    EVENTS["neighbours"],
    got("/words/analogy?positive=king,woman&negative=man"),
    got("/words/odd-one-out?words=breakfast,cereal,lunch,dinner"),
    got("/words/vector?word=car"),
    got("/words/map?words=tea,coffee,car,truck"),
    got("/words/tokens?text=Well-known%20cars%20don%27t%20rust."),
    EVENTS["sentence"],
    EVENTS["health"],
    got("/models"),
    got("/cars"),
    got("/cars/map"),
    got("/words"),
    got("/translation"),
]
LISTED = {event["rawPath"].split("/")[1] for event in ROUTES}
# for another model: its record, and the calls that its function.yml names
for file in sorted(ROOT.glob("models/*/function.yml")):
    told = yaml.safe_load(file.read_text())
    if file.parent.name not in LISTED:
        ROUTES.append(got("/" + file.parent.name))
        ROUTES += [local.event_of(*sent(call)) for call in [told["call"], *told.get("further", [])]]
