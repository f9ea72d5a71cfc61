"""CRC-32C (Castagnoli), the checksum Google Cloud Storage sends with every object."""

_POLYNOMIAL = 0x82F63B78


def _entry(number: int) -> int:
    for _ in range(8):
        number = (number >> 1) ^ (_POLYNOMIAL if number & 1 else 0)
    return number


_TABLE = tuple(_entry(number) for number in range(256))


def crc32c(data: bytes) -> int:
    """Return the checksum of some bytes; a table lookup each, enough for small files."""
    crc, table = 0xFFFFFFFF, _TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF
