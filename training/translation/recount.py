"""Counts the rankings of the served models anew, from the data that their record names: `python -m
training.translation.recount`. All else of the record stays.
"""

from models import registry
from models.translation.tokenizer import Tokenizer
from training import export
from training.translation import lexicon, train


def main():
    export.need_old_torch()
    record = export.recorded(export.WEIGHTS, "translation")
    kept = {role: export.WEIGHTS / file["file"] for role, file in record["files"].items()}
    rankings = {}
    for entry in record["models"]:
        settings = train.settings_of(entry)
        known = train.said(settings, train.data(settings)[0], lexicon.TIMES)
        tokenizer = Tokenizer(registry.unpacked(kept[entry["name"] + "-subwords"].read_bytes()))
        rankings[entry["name"] + "-ranking"] = lexicon.ranking(tokenizer, known)
        print("%s: counted %d pairs" % (entry["name"], len(known)))
    facts = {name: record[name] for name in ("description", "default", "models")}
    record = export.publish_scripts(export.WEIGHTS, "translation", {}, rankings, facts, kept)
    export.add_golden(export.WEIGHTS, record, train)


if __name__ == "__main__":
    main()
