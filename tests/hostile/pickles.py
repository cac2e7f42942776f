"""Pickles made to run code, to crash numpy or scipy, or to eat time and memory.

Each with what the reader must answer. The opcodes are written by hand here, and not with the
package's own table.
"""

from __future__ import annotations

import struct


def short(text: str) -> bytes:
    body = text.encode()
    return b"\x8c" + bytes([len(body)]) + body


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


# What runs code: %s is the shell command.
ROUTES = {
    "GLOBAL, REDUCE": (b"cposix\nsystem\n(S'%s'\ntR.", "asks for posix.system,"),
    "GLOBAL, binary": (b"\x80\x02cos\nsystem\n(S'%s'\n\x85R.", "asks for os.system,"),
    "GLOBAL, eval": (b"c__builtin__\neval\n(S'%s'\ntR.", "asks for __builtin__.eval,"),
    "GLOBAL, getattr": (b"cbuiltins\ngetattr\n(S'%s'\ntR.", "asks for builtins.getattr,"),
    "GLOBAL, dotted": (
        b"cnumpy\ndtype.__reduce__\n(S'%s'\ntR.",
        "asks for numpy.dtype.__reduce__,",
    ),
    "GLOBAL, submodule": (b"cnumpy.core.multiarray\nload\n(S'%s'\ntR.", "multiarray.load,"),
    "GLOBAL, close": (b"cnumpy\nndarrays\n(S'%s'\ntR.", "asks for numpy.ndarrays,"),
    "GLOBAL, spaces": (b"cnumpy \nndarray\n(S'%s'\ntR.", "asks for numpy .ndarray,"),
    "GLOBAL, carriage return": (
        b"cnumpy\r\nndarray\r\n(S'%s'\ntR.",
        r"for numpy\r.ndarray\r,",
    ),
    "GLOBAL, numpy gadget": (
        b"cnumpy.testing._private.utils\nrunstring\n(S'%s'\n}tR.",
        "asks for numpy.testing._private.utils.runstring,",
    ),
    "GLOBAL, torch gadget": (
        b"ctorch.utils.collect_env\nrun\n(S'%s'\ntR.",
        "asks for torch.utils.collect_env.run,",
    ),
    "GLOBAL, f2py gadget": (
        b"cnumpy.f2py.crackfortran\nmyeval\n(S'%s'\ntR.",
        "asks for numpy.f2py.crackfortran.myeval,",
    ),
    "GLOBAL, chumpy": (
        b"cchumpy.ch\nChLambda\n)\x81(S'%s'\ntb.",
        "object of the class chumpy.ch.ChLambda;",
    ),
    "STACK_GLOBAL": (
        short("posix") + short("system") + b"\x93(S'%s'\ntR.",
        "asks for posix.system,",
    ),
    "STACK_GLOBAL, memo": (
        short("posix") + b"\x940" + short("numpy") + b"0h\x00" + short("system") + b"\x93.",
        "asks for posix.system,",
    ),
    "STACK_GLOBAL of names": (named("numpy", "dtype") * 2 + b"\x93.", "a name is not text"),
    "INST": (b"(S'%s'\niposix\nsystem\n.", "in a way that no model file does;"),
    "INST, allowed name": (
        b"(S'f8'\ninumpy\ndtype\n.",
        "in a way that no model file does;",
    ),
    "OBJ": (b"(cposix\nsystem\nS'%s'\no.", "asks for posix.system,"),
    "OBJ, allowed name": (
        b"(cnumpy\ndtype\nS'f8'\no.",
        "in a way that no model file does;",
    ),
    "NEWOBJ": (b"csubprocess\nPopen\n(S'%s'\nt\x81.", "object of the class subprocess.Popen;"),
    "NEWOBJ, allowed name": (b"cnumpy\ndtype\n)\x81.", "calls numpy.dtype, as no model file does;"),
    "NEWOBJ, arguments": (
        b"cchumpy.ch\nCh\n(S'%s'\nt\x81.",
        "made with arguments is refused;",
    ),
    "NEWOBJ_EX": (
        b"csubprocess\nPopen\n(S'%s'\nt}\x92.",
        "object of the class subprocess.Popen;",
    ),
    "NEWOBJ_EX, allowed name": (
        b"cchumpy.ch\nCh\n)}\x92.",
        "in a way that no model file does;",
    ),
    "REDUCE of a class": (b"cchumpy.ch\nCh\n)R.", "calls chumpy.ch.Ch, as no model file does;"),
    "REDUCE of ndarray": (
        b"cnumpy\nndarray\n(I3\ntR.",
        "calls numpy.ndarray, as no",
    ),
    "REDUCE of object": (
        b"cbuiltins\nobject\n)R.",
        "calls builtins.object, as no",
    ),
    "REDUCE of text": (b"S'%s'\n)R.", "calls something that has no name;"),
    "REDUCE without tuple": (b"cnumpy\ndtype\n]R.", "calls something that has no name;"),
    "BUILD, __dict__": (b"}(S'__class__'\nS'%s'\nub.", "a value is missing"),
    "BUILD of a list": (b"]}(S'__setstate__'\nS'%s'\nub.", "gives a state to what has none;"),
    "BUILD of a name": (b"cnumpy\nndarray\n}(S'%s'\nNub.", "gives a state to what has none;"),
    "BUILD twice": (
        b"cchumpy.ch\nCh\n)\x81}b}b.",
        "gives two states to a chumpy.ch.Ch;",
    ),
    "EXT1": (b"\x82\x01(S'%s'\ntR.", "only the program that wrote it has;"),
    "EXT2": (b"\x83\x01\x00(S'%s'\ntR.", "only the program that wrote it has;"),
    "EXT4": (
        b"\x84\x01\x00\x00\x00(S'%s'\ntR.",
        "only the program that wrote it has;",
    ),
    "PERSID": (b"P%s\n.", "only the program that wrote it has;"),
    "BINPERSID": (b"S'%s'\nQ.", "only the program that wrote it has;"),
    "NEXT_BUFFER": (b"\x97.", "only the program that wrote it has;"),
    "READONLY_BUFFER": (b"]\x98.", "only the program that wrote it has;"),
    "FROZENSET": (b"(S'%s'\n\x91.", "the pickle holds a frozenset, which no model file does;"),
    "unknown opcode": (b"\xff.", "the pickle is damaged or of a new kind"),
    "_reconstructor": (
        named("copy_reg", "_reconstructor") + named("subprocess", "Popen") + b".",
        "object of the class subprocess.Popen;",
    ),
    "memo hides the name": (
        b"N(S'%s'\nt" + named("posix", "system") + b"p1\n00g1\n.",
        "asks for posix.system,",
    ),
    "name that is dropped": (named("posix", "system") + b"0N.", "asks for posix.system,"),
    "name that floods": (b"c" + b"\x1b[2J" * 9999 + b"\nx\n.", r"asks for \x1b[2J\x1b[2J"),
}


NUMPY = named("numpy.core.multiarray", "_reconstruct") + named("numpy", "ndarray")
DTYPE = named("numpy", "dtype")


def dtype(
    code: bytes = b"f8", state: bytes | None = b"(K\x03U\x01<NNNJ\xff\xff\xff\xffNK\x00t"
) -> bytes:
    return (
        DTYPE
        + b"(U"
        + bytes([len(code)])
        + code
        + b"K\x00K\x01tR"
        + (state + b"b" if state else b"")
    )


def array(
    body: bytes = b"U\x08abcdefgh",
    *,
    shape: bytes = b"(K\x01t",
    dtype: bytes = dtype(),
    version: bytes = b"K\x01",
    fortran: bytes = b"\x89",
    head: bytes = NUMPY,
) -> bytes:
    return head + b"(K\x00tU\x01b\x87R(" + version + shape + dtype + fortran + body + b"tb"


def instance(name: bytes, **attributes: bytes) -> bytes:
    items = b"".join(short(key) + value for key, value in attributes.items())
    return name + b")\x81}(" + items + b"ub"


def integers(*values: int) -> bytes:
    body = struct.pack(f"<{len(values)}i", *values)
    shape = b"(J" + struct.pack("<i", len(values)) + b"t"
    return array(b"U" + bytes([len(body)]) + body, shape=shape, dtype=dtype(b"i4"))


CSC = named("scipy.sparse.csc", "csc_matrix")
CH = named("chumpy.ch", "Ch")
SELECT = named("chumpy.reordering", "Select")
ENCODE = named("_codecs", "encode")
OBJECTS = dtype(b"O8", b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t")
TWO = b"(K\x02K\x02t"

GADGETS = {
    "dtype alone": (dtype(), "a dtype was found where a value belongs"),
    "dtype killer": (
        dtype(b"f8", b"(K\x03U\x01<N(U\x01at}U\x01aU\x01bsJ\xff\xff\xff\x7fK\x01K\x10t"),
        "a dtype was found where a value belongs",
    ),
    "dtype of fields": (
        array(dtype=dtype(b"f8", b"(K\x03U\x01|N(U\x01at}K\x08K\x01K\x10t")),
        "a dtype with fields, a subtype or metadata, or of an unknown version, is refused",
    ),
    "dtype of a subtype": (
        array(dtype=dtype(b"f8", b"(K\x03U\x01|(N)tNNK\x08K\x01K\x10t")),
        "a dtype with fields, a subtype or metadata, or of an unknown version, is refused",
    ),
    "dtype with metadata": (
        array(dtype=dtype(b"f8", b"(K\x04U\x01<NNNK\x00K\x00K\x00}t")),
        "a dtype with fields, a subtype or metadata, or of an unknown version, is refused",
    ),
    "dtype of bytes": (array(dtype=dtype(b"V8")), "dtype V8 does not belong in a body model"),
    "dtype of dates": (array(dtype=dtype(b"M8[s]")), "dtype M8[s] does not belong"),
    "dtype of a list": (array(dtype=dtype(b"f8,O")), "dtype f8,O does not belong"),
    "dtype with a line": (array(dtype=dtype(b"f8\n")), r"dtype f8\n does not belong"),
    "dtype without a code": (array(dtype=DTYPE + b")R"), "nothing was found where a dtype code"),
    "dtype of nothing": (array(dtype=b"N"), "an array without a dtype"),
    "dtype of an order": (array(dtype=dtype(state=b"(K\x03U\x01=NNNNNNt")), "byte order = is"),
    "objects as bytes": (
        array(b"U\x08abcdefgh", dtype=OBJECTS),
        "text was found where the list of an object array belongs",
    ),
    "objects in a buffer": (
        named("numpy.core.numeric", "_frombuffer")
        + b"(C\x08abcdefgh"
        + OBJECTS
        + b"(K\x01tU\x01CtR",
        "_frombuffer with unknown arguments",
    ),
    "objects in a buffer, text": (
        named("numpy.core.numeric", "_frombuffer")
        + b"(C\x08abcdefgh"
        + OBJECTS
        + b"(K\x01t"
        + short("C")
        + b"tR",
        "bytes was found where the list of an object array belongs",
    ),
    "object scalar": (
        named("numpy.core.multiarray", "scalar") + b"(" + OBJECTS + b"C\x08abcdefghtR",
        "bytes was found where the list of an object array belongs",
    ),
    "object scalar of a list": (
        named("numpy.core.multiarray", "scalar") + b"(" + OBJECTS + b"](NetR",
        "an array of objects was found where an array of numbers or text belongs",
    ),
    "too few objects": (array(b"]", dtype=OBJECTS), "shape (1,) with 0 items"),
    "another class": (
        array(head=named("numpy.core.multiarray", "_reconstruct") + CH),
        "an array of a class other than numpy.ndarray is refused",
    ),
    "no contents": (NUMPY + b"(K\x00tU\x01b\x87R", "an array without its contents"),
    "another version": (array(version=b"K\x02"), "an array without its contents, or of an unknown"),
    "shape of a list": (array(shape=b"]"), "a list was found where a shape belongs"),
    "shape below zero": (
        array(shape=b"(J\xff\xff\xff\xfft"),
        "a shape of something else than sizes",
    ),
    "shape of booleans": (array(shape=b"(\x88t"), "a shape of something else than sizes"),
    "shape too large": (array(shape=b"(J\xff\xff\xff\x7ft"), "over the limit of 1073741824 bytes"),
    "shape that wraps": (
        array(b"U\x00", shape=b"(" + b"\x8a\x05\0\0\0\0\1" * 2 + b"t"),
        "over the limit of 1073741824 bytes",
    ),
    "shape of zero times much": (
        array(b"U\x00", shape=b"(K\x00" + b"\x8a\x05\0\0\0\0\1" * 2 + b"t"),
        "over the limit of 1073741824 bytes",
    ),
    "many dimensions": (array(shape=b"(" + b"K\x01" * 33 + b"t"), "33 dimensions"),
    "short body": (array(b"U\x07abcdefg"), "shape (1,) needs 8 bytes, 7 are there"),
    "long body": (array(b"U\x09abcdefghi"), "shape (1,) needs 8 bytes, 9 are there"),
    "body of a list": (array(b"]"), "a list was found where the body of an array belongs"),
    "body of a number": (
        array(b"K\x08"),
        "type int was found where the body of an array belongs",
    ),
    "body of wide text": (array(b"X\x03\0\0\0\xe2\x82\xac"), "text that is not latin-1"),
    "body of an array": (array(integers(1, 2)), "where bytes belongs"),
    "impossible character": (
        array(b"U\x04\xff\xff\xff\xff", dtype=dtype(b"U1")),
        "text with an impossible character",
    ),
    "impossible boolean": (array(b"U\x01\x02", dtype=dtype(b"b1")), "neither 0 nor 1"),
    "encode, code": (
        ENCODE + b"(" + short("x") + short("zlib") + b"tR",
        "_codecs.encode of anything",
    ),
    "encode, bytes": (ENCODE + b"(C\x01x" + short("latin1") + b"tR", "_codecs.encode of anything"),
    "encode, more": (
        ENCODE + b"(NNNtR",
        "_codecs.encode of anything but text to latin1 is refused",
    ),
    "bytes of a number": (
        named("builtins", "bytes") + b"(J\xff\xff\xff\x7ftR",
        "builtins.bytes with arguments is refused",
    ),
    "set of a number": (
        named("builtins", "set") + b"(K\x01tR",
        "builtins.set of anything but a list",
    ),
    "set of lists": (b"\x8f(]\x90", "a list was found where a key belongs"),
    "set with equals": (b"\x8f(K\x01K\x01\x90", "1 appears twice in one dict or set"),
    "OrderedDict of numbers": (
        named("collections", "OrderedDict") + b"(](K\x01etR",
        "an OrderedDict of something else than pairs",
    ),
    "_reconstructor of a set": (
        named("copyreg", "_reconstructor") + b"(" + named("builtins", "set") * 2 + b"NtR",
        "an object of a class that no model file needs is refused",
    ),
    "_reconstructor with state": (
        named("copyreg", "_reconstructor") + b"(" + CH + named("builtins", "object") + b"K\x01tR",
        "an object of a class that no model file needs is refused",
    ),
    "name as a value": (named("numpy", "ndarray"), "numpy.ndarray was found where a value belongs"),
    "csc without state": (CSC + b")\x81", "a scipy.sparse.csc.csc_matrix without its attributes"),
    "csc without data": (
        instance(CSC, indices=integers(0), indptr=integers(0, 1, 1), _shape=TWO),
        "a scipy.sparse.csc.csc_matrix without data",
    ),
    "csc out of range": (
        instance(CSC, data=array(), indices=integers(9), indptr=integers(0, 1, 1), _shape=TWO),
        "damaged csc matrix: indices[0] is 9, not below 2",
    ),
    "csc below zero": (
        instance(CSC, data=array(), indices=integers(-9), indptr=integers(0, 1, 1), _shape=TWO),
        "damaged csc matrix: indices[0] is -9, not below 2",
    ),
    "csc with a wild indptr": (
        instance(CSC, data=array(), indices=integers(0), indptr=integers(0, 9, 1), _shape=TWO),
        "damaged csc matrix: indptr falls at 2",
    ),
    "csc of a list": (
        instance(CSC, data=b"]", indices=integers(0), indptr=integers(0, 1, 1), _shape=TWO),
        "a list was found where the array data belongs",
    ),
    "csc without a shape": (
        instance(CSC, data=array(), indices=integers(0), indptr=integers(0, 1, 1), _shape=b"K\x02"),
        "a scipy.sparse.csc.csc_matrix whose _shape is not a shape",
    ),
    "coo of three": (
        instance(
            named("scipy.sparse._coo", "coo_array"),
            data=array(),
            coords=b"(" + integers(0) * 3 + b"t",
            _shape=b"(K\x01K\x01K\x01t",
        ),
        "coo_array not two-dimensional",
    ),
    "Ch without x": (instance(CH, _dirty_vars=b"N"), "a chumpy.ch.Ch without x"),
    "Ch of a number": (
        instance(CH, x=b"K\x01"),
        "type int was found where the array x belongs",
    ),
    "Ch of itself": (
        CH + b")\x81\x94}" + short("x") + b"h\x00sb",
        "nested deeper than 32 levels, or in itself",
    ),
    "Select out of range": (
        instance(SELECT, a=array(), idxs=integers(0, 1)),
        "a chumpy Select beyond its 1 entries",
    ),
    "Select below zero": (
        instance(SELECT, a=array(), idxs=integers(-1)),
        "a chumpy Select beyond its 1 entries",
    ),
    "Select that does not fit": (
        instance(SELECT, a=array(), idxs=integers(0), preferred_shape=TWO),
        "Select whose preferred_shape does not fit",
    ),
    "Select of many dimensions": (
        instance(SELECT, a=array(), idxs=integers(0), preferred_shape=b"(" + 99 * b"K\x01" + b"t"),
        "an array of 99 dimensions; the limit is 32",
    ),
    "Select by floats": (
        instance(SELECT, a=array(), idxs=array()),
        "a chumpy Select whose idxs are not a row of integers",
    ),
    "two equal keys": (b"}(" + short("f") + b"N" + short("f") + b"Nu", "'f' appears twice"),
    "equal after decoding": (b"}(" + short("\xe9") + b"NU\x01\xe9Nu", "'é' appears twice"),
    "equal numbers": (b"}(K\x01N\x88Nu", "True appears twice in one dict or set"),
    "key of a tuple": (b"})Ns", "a tuple was found where a key belongs"),
    "key of an array": (b"}" + integers(1) + b"Ns", "an array was found where a key belongs"),
    "long key": (b"}X\x01\x10\0\0" + 0x1001 * b"k" + b"Ns", "a key of 4097 characters is too long"),
    "long text": (b"X\x01\x40\0\0" + 0x4001 * b"k", "a text of 16385 bytes is too long"),
}


DAMAGED = {
    "nothing": (b"", "the pickle is cut short"),
    "STOP alone": (b".", "a value is missing"),
    "two values": (b"NN.", "it ends with values left over"),
    "open mark": (b"(N.", "it ends with values left over"),
    "bytes after the end": (b"N.N", "1 bytes follow the end of the pickle"),
    "protocol 6": (b"\x80\x06N.", "pickle protocol 6 is unknown"),
    "FRAME beyond the end": (
        b"\x80\x04\x95\x03\0\0\0\0\0\0\0N.",
        "the pickle is cut short",
    ),
    "FRAME of 2**64": (b"\x95" + b"\xff" * 8 + b"N.", "the pickle is cut short"),
    "BINBYTES beyond the end": (b"B\xff\xff\xff\xffabc", "the pickle is cut short"),
    "BINBYTES8 of 2**64": (b"\x8e" + b"\xff" * 8, "the pickle is cut short"),
    "BYTEARRAY8 of 2**62": (b"\x96" + b"\0" * 7 + b"\x40", "the pickle is cut short"),
    "BINUNICODE8 of 2**64": (b"\x8d" + b"\xff" * 8, "the pickle is cut short"),
    "BINSTRING below zero": (b"T\xff\xff\xff\xff", "the pickle is cut short"),
    "no UTF-8": (b"X\x01\0\0\0\xff.", "text that is not utf-8"),
    "half a character": (b"V\\ud800\n.", "half a character (a lone surrogate)"),
    "bad escape": (b"V\\u12\n.", "text that is not raw_unicode_escape"),
    "STRING, no quotes": (b"Sabc\n.", "text without quotes"),
    "STRING, one quote": (b"S'\n.", "text without quotes"),
    "STRING, bad escape": (b"S'\\d'\n.", "an escape that Python never writes"),
    "STRING, half an escape": (b"S'\\'\n.", "an escape that Python never writes"),
    "STRING, short hexadecimal": (b"S'\\x4'\n.", "an escape that Python never writes"),
    "line without end": (b"I12", "the pickle is cut short"),
    "INT with a digit group": (b"I1_0\n.", "1_0 is not a number"),
    "INT of text": (b"Iabc\n.", "abc is not a number"),
    "INT of a flood": (b"I" + b"9" * 1_000_000 + b"\n.", "is not a number"),
    "LONG of a flood": (b"L" + b"9" * 1_000_000 + b"L\n.", "is not a number"),
    "LONG4 of 100 MB": (b"\x8b\0\xe1\xf5\x05.", "an integer of 100000000 bytes is too long"),
    "FLOAT of text": (b"Fnine\n.", "nine is not a number"),
    "memo that is not there": (b"h\x07.", "it repeats value 7, which it never had"),
    "memo below zero": (b"g-1\n.", "-1 is not a number"),
    "memo of nothing": (b"q\x07.", "a value is missing"),
    "POP of nothing": (b"0.", "it closes what it did not open"),
    "POP_MARK of nothing": (b"1.", "it closes what it did not open"),
    "DUP of nothing": (b"2.", "a value is missing"),
    "TUPLE3 of two": (b"NN\x87.", "a value is missing"),
    "TUPLE2 across a mark": (b"N(N\x86.", "a value is missing"),
    "APPEND to a tuple": (b")Na.", "fills something that is not a list"),
    "APPENDS to a dict": (b"}(Ne.", "fills something that is not a list"),
    "SETITEM of a list": (b"]NNs.", "fills something that is not a dict"),
    "SETITEMS of three": (b"}(NNNu.", "a key has no value"),
    "DICT of three": (b"(NNNd.", "a key has no value"),
    "ADDITEMS of a list": (b"](N\x90.", "fills something that is not a set"),
}


# Each list holds the one before twice: 2**n lists in a few hundred bytes.
DOUBLED = b"]\x940" + b"".join(b"](h%ch%ce\x940" % (i, i) for i in range(40))

ZEROS = b"B\0\0\x10\0" + bytes(1 << 20) + b"\x94"  # a megabyte, to be shared


def again(dtype_state: bytes, n: int) -> bytes:
    """A list of ``n`` arrays of the same megabyte."""
    one = array(b"h\x00", shape=b"(J\0\0\x10\0t", dtype=dtype(b"S1", dtype_state))
    return b"](" + ZEROS + b"0" + n * one + b"e."


BOMBS = {
    "nested tuples": (b")" + b"\x85" * 400_000 + b".", "nested deeper than 32 levels"),
    "nested lists": (b"]" * 33 + b"a" * 32 + b".", "nested deeper than 32 levels"),
    "nested marks": (b"(" * 1_000_000, "nested deeper than 32 levels"),
    "list in itself": (b"]\x94h\x00a.", "nested deeper than 32 levels, or in itself"),
    "doubled tuples": (b")" + b"2\x86" * 60 + b".", "nested deeper than 32 levels"),
    "doubled tuples, flat": (b")" + b"2\x86" * 30 + b".", "unfolds into more than 500000 values"),
    "doubled lists": (DOUBLED + b"h\x28.", "nested deeper than 32 levels"),
    "doubled lists, flat": (DOUBLED + b"h\x18.", "unfolds into more than 500000 values"),
    "opcodes": (b"N0" * 300_000 + b"N.", "more than 500000 parts"),
    "big-endian copies": (again(b"(K\x03U\x01>NNNNNNt", 300), "far more than its own size"),
    "views": (again(b"(K\x03U\x01|NNNNNNt", 300), "far more than its own size"),
    "bytes again": (ZEROS + b"0](" + b"h\x00" * 300 + b"e.", "far more than its own size"),
    "latin-1 again": (
        b"X\0\0\x10\0"
        + b"a" * (1 << 20)
        + b"\x940]("
        + (ENCODE + b"(h\x00" + short("latin1") + b"tR") * 300
        + b"e.",
        "far more than its own size",
    ),
    "texts that widen": (
        b"](" + (b"X\0\x40\0\0" + b"a" * 0x3FFC + b"\xf0\x9f\x98\x80") * 4200 + b"e.",
        "more than 67108864 bytes of text",
    ),
    "Select that multiplies": (
        b"]("
        + (ZEROS + b"0")
        + b"".join(
            instance(
                SELECT,
                a=array(b"U\x04aaaa", shape=b"(K\x01t", dtype=dtype(b"S4")),
                idxs=array(b"h\x00", shape=b"(J\0\0\x02\0t", dtype=dtype(b"i8")),
            )
            for _ in range(300)
        )
        + b"e.",
        "far more than its own size",
    ),
}
