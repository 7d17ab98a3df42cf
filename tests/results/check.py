"""What `carzero score` writes for other programs, read by them: pydicom, highdicom, DCMTK, dicom3tools and fhir.resources.

    make results
    python tests/results/check.py CARZERO

CARZERO is the program. A synthetic chest is scored as a PNG and as a DICOM file of a person, with a reference to it and without.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import highdicom
import numpy as np
import pydicom
from fhir.resources.bundle import Bundle
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.sr import _concepts_dict
from pydicom.uid import ComputedRadiographyImageStorage, EnhancedSRStorage, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models/default"
UIDS = {"StudyInstanceUID": "1.2.3.10", "SeriesInstanceUID": "1.2.3.11", "SOPInstanceUID": "1.2.3.12"}
SECRETS = ["SECRET", "19630817", "4711-PATIENT", "ACC-0815"]
FINDINGS = ["Pneumothorax", "Pleural Thickening", "no Pleural Effusion", "gold \\ silver <b>", "Pulmonary Edema"]
RESEARCH = "For teaching and research only. Not for clinical use, not for diagnosis."


def run(*command):
    """What a program prints; one that fails ends this."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done


def dicom_of(png, path):
    """The picture as a computed radiograph of a person, from the side, 0.2 mm at the detector."""
    pixels = np.asarray(Image.open(png)).astype(np.uint16) * 16
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = UIDS["SOPInstanceUID"]
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    image.SOPClassUID = ComputedRadiographyImageStorage
    for name, uid in UIDS.items():
        setattr(image, name, uid)
    image.PatientName, image.PatientID, image.PatientBirthDate = "SECRET^NAME", "4711-PATIENT", "19630817"
    image.AccessionNumber, image.StudyDescription = "ACC-0815", "SECRET study"
    image.Modality, image.BodyPartExamined, image.ViewPosition = "CR", "CHEST", "LL"
    image.ImagerPixelSpacing = [0.2, 0.2]
    image.Rows, image.Columns = pixels.shape
    image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 0
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.WindowCenter, image.WindowWidth = 2048, 4096
    image.PixelData = pixels.tobytes()
    image.save_as(path, enforce_file_format=True)


# What dciodvfy warns of, and is meant to be so.
MEANT = re.compile(
    "needed to build DICOMDIR"  # there is no patient
    "|<99CARZERO> for value 1 of attribute <Coding Scheme Designator>|attribute <Coding Scheme UID>"  # a private scheme
    "|only permitted to be empty when actually unknown.*<Laterality>"  # which it is
    "|Imager Pixel Spacing|Standard Extended SOP Class"  # at the detector, which the IOD alone has no attribute for
)


def complaints(path):
    """What DCMTK and dicom3tools say against a file."""
    dump = run("dcmdump", path)
    lines = [line for line in dump.stderr.splitlines() if line.startswith(("W:", "E:", "F:"))]
    judged = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True)
    said = (judged.stdout + judged.stderr).splitlines()
    return lines + [line for line in said if line.startswith(("Error", "Warning")) and not MEANT.search(line)]


def check_report(path, scores, source):
    report = highdicom.sr.srread(path)
    assert report.SOPClassUID == EnhancedSRStorage
    assert (report.VerificationFlag, report.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    assert report.SeriesDescription.startswith("RESEARCH ONLY")
    groups = report.content.get_image_measurement_groups()
    assert len(groups) == len(scores), f"{len(groups)} groups"
    for group, score in zip(groups, scores):
        assert group.tracking_identifier == score["prompt"], group.tracking_identifier
        measured = {one.name.meaning: one for one in group.get_measurements()}
        assert abs(measured["Raw logit of CARZero"].value - score["logit"]) < 1e-4
        percentile = measured.get("Percentile Ranking of measurement")
        assert (percentile is None) == (score.get("percentile") is None)
        if percentile is not None:
            assert abs(percentile.value - score["percentile"]) < 0.01
            assert (percentile.unit.value, percentile.unit.scheme_designator) == ("%", "UCUM")
    codes = [group.finding_type for group in groups]
    assert codes[0] == pydicom.sr.codedict.codes.SCT.Pneumothorax
    assert [code.scheme_designator for code in codes] == ["SCT", "99CARZERO", "99CARZERO", "99CARZERO", "SCT"]
    printed = run("dsrdump", "+Pl", path)
    bad = [line for line in printed.stderr.splitlines() if line.strip()]
    assert not bad, bad
    for words in [RESEARCH, "UNVERIFIED", "the score says nothing", "asks for an absence", "Percentile Ranking of measurement"]:
        assert words in printed.stdout, f"dsrdump does not show {words!r}"
    evidence = report.get("CurrentRequestedProcedureEvidenceSequence", [])
    assert len(evidence) == int(source)
    return report


def check_captures(folder, stem, overlays, source):
    files = sorted(folder.glob(f"{stem}.[0-9][0-9]-*.dcm"))
    assert len(files) == len(FINDINGS), files
    for number, file in enumerate(files, 1):
        image = pydicom.dcmread(file)
        assert image.InstanceNumber == number
        assert image.SOPClassUID == SecondaryCaptureImageStorage
        expected = np.asarray(Image.open(overlays / f"{file.stem}.png").convert("RGB"))
        assert np.array_equal(image.pixel_array, expected), f"{file.name} is not the overlay"
        assert RESEARCH in image.ImageComments and RESEARCH in image.DerivationDescription
        assert ("SourceImageSequence" in image) == source
        assert "PatientOrientation" in image and not image.PatientName
    return files


def check_fhir(path, scores, source):
    text = path.read_text(encoding="utf-8")
    bundle = Bundle.model_validate_json(text)  # strict: an unknown element is an error
    resources = [entry.resource for entry in bundle.entry]
    kinds = [type(resource).__name__ for resource in resources]
    expected = ["DiagnosticReport", "Device"] + ["ImagingSelection"] * source + ["Observation"] * len(scores)
    assert kinds == expected, kinds
    urls = {entry.fullUrl for entry in bundle.entry}
    links = set(re.findall(r'"reference": "(.*?)"', text))
    assert links <= urls, links - urls
    assert '"subject"' not in text
    report = resources[0]
    assert report.status == "preliminary" and report.conclusion == RESEARCH
    for resource, score in zip(resources[2 + source :], scores):
        finding, percentile, logit = resource.component
        assert abs(float(logit.valueQuantity.value) - score["logit"]) < 1e-4
        assert (percentile.valueQuantity is None) == (score.get("percentile") is None)
        assert finding.valueCodeableConcept.coding[0].system


def check_codes():
    """Codes that are DICOM's own are those of the context groups that they name."""
    for row in json.loads((ROOT / "src/results/codes.json").read_text()):
        told = re.fullmatch(r"DICOM CID (\d+)", row["source"])
        if not told:
            continue
        known = [
            meaning
            for words in _concepts_dict.concepts[row["scheme"]].values()
            for code, (meaning, groups) in words.items()
            if code == row["code"] and int(told[1]) in groups
        ]
        assert row["meaning"] in known, f"{row}: {known}"


def check(carzero, folder, image, source):
    """Scores an image, and reads all that is written."""
    stem, out, overlays = Path(image).stem, folder / "out", folder / "overlays"
    (folder / "findings.txt").write_text("\n".join(FINDINGS))
    reference = ["--reference-source"] if source else []
    done = run(carzero, "score", "--model", MODEL, "--findings", folder / "findings.txt", "--maps", overlays,
               "--report", out, "--captures", out, "--fhir", out, *reference, image)
    scores = json.loads(done.stdout)["findings"]
    report = check_report(out / f"{stem}.report.dcm", scores, source)
    captures = check_captures(out, stem, overlays, source)
    check_fhir(out / f"{stem}.fhir.json", scores, source)
    for file in [out / f"{stem}.report.dcm", *captures]:
        bad = complaints(file)
        assert not bad, "\n".join([file.name, *bad])
    written = list(out.iterdir())
    for file in written:
        content = file.read_bytes()
        assert not [secret for secret in SECRETS if secret.encode() in content], f"{file.name} names a person"
        named = [uid for uid in UIDS.values() if uid.encode() in content]
        assert bool(named) == source, f"{file.name} refers to {named}"
    series = {pydicom.dcmread(file, stop_before_pixels=True).StudyInstanceUID for file in [out / f"{stem}.report.dcm", *captures]}
    assert len(series) == 1 and (report.StudyInstanceUID == UIDS["StudyInstanceUID"]) == source
    print(f"{Path(image).name}{' with a reference' * source}: {len(written)} files, nothing to complain of")


def main():
    carzero = sys.argv[1]
    check_codes()
    for name, kind, source in [("png", "png", False), ("alone", "dcm", False), ("referring", "dcm", True)]:
        with tempfile.TemporaryDirectory() as path:
            folder = Path(path) / name
            folder.mkdir()
            png = folder / "chest.png"
            run(carzero, "phantom", "pneumothorax", "--size", "301", "--out", png)
            image = png
            if kind == "dcm":
                image = folder / "chest.dcm"
                dicom_of(png, image)
            check(carzero, folder, image, source)


main()
