"""An NHS trust whose patient administration system speaks only HL7 v2.5 over MLLP (profile.toml of calderbrook-nhs-trust)."""
