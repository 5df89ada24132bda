"""Operations of the API, by the thing they are about."""
