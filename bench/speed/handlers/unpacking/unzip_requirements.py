"""What serverless-python-requirements puts into a package with `zip: true`: the packages are in a zip within the zip."""

import os
import sys
import zipfile

folder = os.environ["REQUIREMENTS_FOLDER"]  # /tmp/sls-py-req on Lambda
sys.path.insert(0, folder)
zipfile.ZipFile(os.environ["REQUIREMENTS_ZIP"], "r").extractall(folder)
