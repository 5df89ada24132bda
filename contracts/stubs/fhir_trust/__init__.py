"""An NHS trust's patient record that speaks FHIR R4 (4.0.1), with the sides its patients, their proxies and its staff see."""
