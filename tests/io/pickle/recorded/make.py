"""This made the pickles beside this file, with real chumpy: ``python make.py NAME PROTOCOL``.

    python2-0, -1, -2   Python 2.7.18, numpy 1.16.6, scipy 1.2.3, chumpy 0.68
    python3-2, -4       Python 3.11, numpy 2.4, scipy 1.17, chumpy-fixed 0.71

Only Python runs this, never a test: tests read the recorded bytes as data.
"""

import collections
import pickle
import sys

import chumpy
import numpy as np
import scipy.sparse as sp

whole = chumpy.Ch(np.arange(12.0).reshape(4, 3))
model = collections.OrderedDict()
model["v_template"] = whole
model["shapedirs"] = whole[:, :2]
model["posedirs"] = np.asfortranarray(np.arange(24.0).reshape(2, 3, 4))
model["weights"] = np.arange(6, dtype=">f4").reshape(2, 3)
model["f"] = np.arange(6, dtype=np.uint32).reshape(2, 3)
model["kintree_table"] = np.array([[2**32 - 1, 0], [0, 1]], np.int64)
model["J_regressor"] = sp.csc_matrix(np.array([[0, 0.5, 0.5], [1.0, 0, 0]]))
model["coo"] = sp.coo_matrix(np.eye(2))
model["csr"] = sp.csr_matrix(np.eye(2))
model["bs_type"] = "lrotmin"
model[b"name".decode()] = b"\xe2\x82\xac".decode("utf-8")
model["quotes"] = "caf\xe9 '\"\\\n\t"
model["numbers"] = [2**63, -7, 1.5e-300, 1e22, True, None]
model["scalar"] = np.float32(2)
model["words"] = np.array([b"ab".decode(), b"\xc3\xa9".decode("utf-8")])
model["octets"] = np.array([b"x\n", b"yz"])
model["objects"] = np.array([1, "x", None], object)
model["set"] = {1, 2}
model["nested"] = (1, [2, {"k": 3.25}])

with open(sys.argv[1], "wb") as file:  # noqa: PTH123 (Python 2 has no pathlib)
    pickle.dump(dict(model), file, int(sys.argv[2]))
