"""The opcodes of pickle protocols 0 to 5, by the names that CPython gives them."""

from __future__ import annotations

from enum import IntEnum


class Op(IntEnum):
    """One byte that tells a pickle machine what to do next."""

    # Stack and memo
    MARK = ord("(")
    STOP = ord(".")
    POP = ord("0")
    POP_MARK = ord("1")
    DUP = ord("2")
    PUT = ord("p")
    BINPUT = ord("q")
    LONG_BINPUT = ord("r")
    MEMOIZE = 0x94
    GET = ord("g")
    BINGET = ord("h")
    LONG_BINGET = ord("j")
    PROTO = 0x80
    FRAME = 0x95
    # None, booleans and numbers
    NONE = ord("N")
    NEWTRUE = 0x88
    NEWFALSE = 0x89
    INT = ord("I")
    BININT = ord("J")
    BININT1 = ord("K")
    BININT2 = ord("M")
    LONG = ord("L")
    LONG1 = 0x8A
    LONG4 = 0x8B
    FLOAT = ord("F")
    BINFLOAT = ord("G")
    # Text and bytes
    STRING = ord("S")
    BINSTRING = ord("T")
    SHORT_BINSTRING = ord("U")
    UNICODE = ord("V")
    BINUNICODE = ord("X")
    SHORT_BINUNICODE = 0x8C
    BINUNICODE8 = 0x8D
    BINBYTES = ord("B")
    SHORT_BINBYTES = ord("C")
    BINBYTES8 = 0x8E
    BYTEARRAY8 = 0x96
    # Containers
    EMPTY_LIST = ord("]")
    LIST = ord("l")
    APPEND = ord("a")
    APPENDS = ord("e")
    EMPTY_TUPLE = ord(")")
    TUPLE = ord("t")
    TUPLE1 = 0x85
    TUPLE2 = 0x86
    TUPLE3 = 0x87
    EMPTY_DICT = ord("}")
    DICT = ord("d")
    SETITEM = ord("s")
    SETITEMS = ord("u")
    EMPTY_SET = 0x8F
    ADDITEMS = 0x90
    FROZENSET = 0x91
    # Names and what is made of them
    GLOBAL = ord("c")
    STACK_GLOBAL = 0x93
    REDUCE = ord("R")
    NEWOBJ = 0x81
    BUILD = ord("b")
    INST = ord("i")
    OBJ = ord("o")
    NEWOBJ_EX = 0x92
    # What only a running program could supply
    PERSID = ord("P")
    BINPERSID = ord("Q")
    EXT1 = 0x82
    EXT2 = 0x83
    EXT4 = 0x84
    NEXT_BUFFER = 0x97
    READONLY_BUFFER = 0x98
