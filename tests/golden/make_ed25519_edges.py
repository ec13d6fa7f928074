#!/usr/bin/env python3
"""Writes ed25519_edges.txt: signatures at the edges of Ed25519, each with the verdict of this project's rule.

The rule is computed here from its definition, with plain integers and without any library, so that the
vectors do not depend on what they test. One line each: verdict, public key, signature, message, what it is.
"""
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    """The x of a point with this y; None where there is none."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * SQRT_M1 % P
    if (x * x - square) % P != 0:
        return None
    return P - x if x & 1 != sign and x != 0 else x


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P)


def multiply(k, point):
    result = NEUTRAL
    while k:
        if k & 1:
            result = add(result, point)
        point = add(point, point)
        k >>= 1
    return result


def negate(point):
    return (-point[0] % P, point[1])


def encode(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def decode(octets):
    """The point, however it is encoded; None where it is none."""
    number = int.from_bytes(octets, "little")
    y = number % 2**255
    x = recover_x(y % P, number >> 255)
    return None if x is None else (x, y % P)


NEUTRAL = (0, 1)
BASE = (recover_x(4 * pow(5, P - 2, P) % P, 0), 4 * pow(5, P - 2, P) % P)


def hash_mod_l(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L


def verdict(public_key, signature, message):
    r_octets, s = signature[:32], int.from_bytes(signature[32:], "little")
    a, r = decode(public_key), decode(r_octets)
    if a is None or r is None or s >= L:
        return False
    if encode(a) != public_key or encode(r) != r_octets:
        return False
    for point in (a, r):
        if point == NEUTRAL or multiply(L, point) != NEUTRAL:
            return False
    h = hash_mod_l(r_octets, public_key, message)
    return multiply(s, BASE) == add(r, multiply(h, a))


def small_order_points():
    y = 0
    while True:  # L times any point has small order; one of order 8 makes all the others
        y += 1
        x = recover_x(y, 0)
        if x is None:
            continue
        point = multiply(L, (x, y))
        if multiply(4, point) != NEUTRAL:
            return [multiply(k, point) for k in range(8)]


def encodings(point):
    """Every 32 bytes that a lenient decoder reads as this point."""
    found = []
    for y in (point[1], point[1] + P):
        for sign in (0, 1):
            octets = (y | sign << 255).to_bytes(32, "little") if y < 2**255 else None
            if octets is not None and decode(octets) == point and octets not in found:
                found.append(octets)
    return found


def main():
    lines = []

    def case(public_key, signature, message, what):
        word = "valid" if verdict(public_key, signature, message) else "invalid"
        lines.append(f"{word} {public_key.hex()} {signature.hex()} {message.hex() or '-'} {what}")

    seed = hashlib.sha512(b"edge cases").digest()
    a = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little") % L
    honest = multiply(a, BASE)
    nonce = 7 * a % L
    torsion = small_order_points()
    message = b"message"

    def signed(key_point, r_octets, message, r_scalar=nonce):
        """Satisfies the equation up to points of small order, with `a` as the secret."""
        key = encode(key_point)
        h = hash_mod_l(r_octets, key, message)
        return key, r_octets + ((r_scalar + h * a) % L).to_bytes(32, "little")

    r_point = multiply(nonce, BASE)
    key, signature = signed(honest, encode(r_point), message)
    s = int.from_bytes(signature[32:], "little")
    case(key, signature, message, "an honest signature")
    case(key, signature, b"another", "of another message")
    case(key, signature, b"", "of no message")
    for bit in (0, 7, 255, 256, 400, 511):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        case(key, bytes(flipped), message, f"bit {bit} of the signature flipped")
    for k in (1, 2, 8, 15):
        if s + k * L < 2**256:
            case(key, signature[:32] + (s + k * L).to_bytes(32, "little"), message, f"S + {k} L")
    for value, what in ((0, "0"), (L - 1, "L - 1"), (L, "L"), (2**252, "2^252"), (2**256 - 1, "2^256 - 1")):
        case(key, signature[:32] + value.to_bytes(32, "little"), message, f"S = {what}")
    case(key, bytes(64), message, "all zeros")
    case(bytes(32), bytes(64), message, "all zeros, under a key of zeros")

    # R = -h A + S B for a chosen S, which only a key of small order lets anyone satisfy without a secret.
    for order_index, point in enumerate(torsion):
        for octets in encodings(point):
            canonical = "canonical" if octets == encode(point) else "non-canonical"
            for r_index, r in enumerate(torsion):
                for r_octets in encodings(r):
                    h = hash_mod_l(r_octets, octets, message)
                    if add(r, multiply(h, point)) == NEUTRAL or (order_index + r_index) % 5 == 0:
                        case(octets, r_octets + bytes(32), message,
                             f"A = {order_index} T ({canonical}), R = {r_index} T, S = 0")
            h = hash_mod_l(encode(r_point), octets, message)
            case(octets, encode(r_point) + nonce.to_bytes(32, "little"), message,
                 f"A = {order_index} T ({canonical}), R = S B")

    for index, point in enumerate(torsion):
        for r_octets in encodings(point):
            case(*signed(honest, r_octets, message, 0), message, f"R = {index} T, honest key")

    # Keys and nonces with a part of small order: verifiers with and without the cofactor part ways here.
    for key_index in range(8):
        for r_index in range(8):
            mixed_key = add(honest, torsion[key_index])
            mixed_r = add(r_point, torsion[r_index])
            for attempt in range(3):
                text = f"mixed {attempt}".encode()
                case(*signed(mixed_key, encode(mixed_r), text), text,
                     f"A + {key_index} T, R + {r_index} T")

    for y in range(P, 2**255):
        for sign in (0, 1):
            octets = (y | sign << 255).to_bytes(32, "little")
            if decode(octets) is not None:
                case(octets, signature, message, f"A has y = p + {y - P}, sign {sign}")
                case(key, octets + signature[32:], message, f"R has y = p + {y - P}, sign {sign}")
    for y in range(2, 10):
        if recover_x(y, 0) is None:
            octets = y.to_bytes(32, "little")
            case(octets, signature, message, f"A is not on the curve (y = {y})")
            case(key, octets + signature[32:], message, f"R is not on the curve (y = {y})")

    # The other halves of a batch of honest ones, so that `valid` is not one line alone.
    for i in range(20):
        scalar = hash_mod_l(seed, bytes([i]))
        text = bytes(range(i))
        r_scalar = hash_mod_l(seed, b"r", bytes([i]))
        r_octets = encode(multiply(r_scalar, BASE))
        key = encode(multiply(scalar, BASE))
        h = hash_mod_l(r_octets, key, text)
        case(key, r_octets + ((r_scalar + h * scalar) % L).to_bytes(32, "little"), text, f"honest {i}")

    with open("ed25519_edges.txt", "w", encoding="ascii") as out:
        out.write("# Written by make_ed25519_edges.py: verdict, public key, signature, message, what it is.\n")
        out.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
