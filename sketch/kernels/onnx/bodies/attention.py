BODIES: dict = {}
