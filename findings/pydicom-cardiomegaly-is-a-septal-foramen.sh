#!/usr/bin/env bash
# pydicom's code for Cardiomegaly is, by its own table, an enlarged septal foramen of the heart.
#
# pydicom 3.0.2. `codes.SCT.Cardiomegaly`, as reports with pydicom and highdicom are coded, is SNOMED CT 287272002. The same dictionary
# names that concept a second time, by its fully specified name: "Enlarged septal foramen of heart (disorder)", which SNOMED RT had as
# D3-10008. The first name comes from DICOM's context groups 12248 and 12249 (summaries of cardiac ultrasound, and of that of a
# fetus). SNOMED CT's concept for an enlarged heart, 8186001, is not in the dictionary at all. A chest radiograph's
# "Cardiomegaly" that is coded so arrives as a hole in the septum where the receiver looks the code up, and no validator of
# DICOM objects can tell.
#
# Seen:
#   codes.SCT.Cardiomegaly: 287272002
#   287272002 is: Cardiomegaly; Enlarged septal foramen of heart (disorder)
#   8186001 is: nothing
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet pydicom==3.0.2
"$folder/env/bin/python" - <<'PYTHON'
from pydicom.sr._concepts_dict import concepts
from pydicom.sr.codedict import codes


def names(code):
    return sorted(meanings[code][0] for meanings in concepts["SCT"].values() if code in meanings)


heart = codes.SCT.Cardiomegaly.value
print(f"codes.SCT.Cardiomegaly: {heart}")
for code in [heart, "8186001"]:
    print(f"{code} is: {'; '.join(names(code)) or 'nothing'}")
assert names(heart) == ["Cardiomegaly", "Enlarged septal foramen of heart (disorder)"], names(heart)
assert not names("8186001")
PYTHON
