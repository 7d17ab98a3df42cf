"""Models for the benchmark. (The same graphs for LiteRT: litegraphs.py.)

    pip install -r tests/bench/requirements.txt
    python tests/bench/export.py checkpoint OUT        # random weights in the official layout, and a vocabulary
    python tests/bench/export.py graphs MODEL OUT      # a model folder as ONNX graphs in f32

There are three graphs, split where the program splits: `image.onnx` and `text.onnx` give a query row, and keys and
values for every layer of the fusion; `score.onnx` puts one image and any number of texts to one another.
"""

import json
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save
from safetensors.numpy import load_file, save_file


class Graph:
    """A graph under construction; tensors go by their names."""

    def __init__(self, config, weights):
        self.config, self.weights = config, weights
        self.nodes, self.constants, self.inputs = [], {}, []

    def op(self, kind, *inputs, outputs=1, **attributes):
        names = [f"{kind}_{len(self.nodes)}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def input(self, name, shape, kind=TensorProto.FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def constant(self, values, name=None):
        values = np.asarray(values)
        values = values.astype(np.float32) if values.dtype.kind == "f" else values.astype(np.int64)
        name = name or f"constant_{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def weight(self, name):
        return self.constant(self.weights[name], name)

    def save(self, path, outputs):
        self.nodes += [helper.make_node("Identity", [tensor], [name]) for name, tensor in outputs.items()]
        infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, path.stem, self.inputs, infos, list(self.constants.values()))
        save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)

    # Layers

    def linear(self, name, x):
        weight = self.constant(self.weights[f"{name}.weight"].T, f"{name}.weight")
        return self.op("Add", self.op("MatMul", x, weight), self.weight(f"{name}.bias"))

    def norm(self, name, x, eps):
        return self.op("LayerNormalization", x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), epsilon=eps)

    def reshape(self, x, *shape):
        return self.op("Reshape", x, self.constant(shape))

    def heads(self, x, count, order):
        """`[batch, tokens, dim]` as `[batch, tokens, heads, dim / heads]`, and these axes in another order."""
        return self.op("Transpose", self.reshape(x, 0, 0, count, -1), perm=order)

    def query(self, x, count):
        return self.heads(x, count, [0, 2, 1, 3])

    value = query

    def key(self, x, count):
        return self.heads(x, count, [0, 2, 3, 1])

    def attend(self, query, key, value, head_dim, bias=None):
        """Context, scores and weights."""
        scores = self.op("MatMul", self.op("Mul", query, self.constant(head_dim**-0.5)), key)
        weights = self.op("Softmax", self.op("Add", scores, bias) if bias else scores, axis=-1)
        context = self.op("Transpose", self.op("MatMul", weights, value), perm=[0, 2, 1, 3])
        return self.reshape(context, 0, 0, -1), scores, weights

    # The image encoders: the global token `[1, dim]` and the others `[1, tokens, dim]`

    def image_tokens(self):
        crop = self.config["image"]["crop"]
        pixels = self.input("pixels", [1, 1, crop, crop])
        encoder = self.config["image_encoder"]
        return self.vit(encoder, pixels) if encoder["type"] == "vit" else self.mobilenet(encoder, pixels)

    def vit(self, vit, pixels):
        model, patch, dim, count = "img_encoder.model", vit["patch"], vit["dim"], vit["heads"]
        weight = self.weights[f"{model}.patch_embed.proj.weight"].reshape(dim, 1, patch, patch)
        bias = self.weight(f"{model}.patch_embed.proj.bias")
        patches = self.op("Conv", pixels, self.constant(weight), bias, strides=[patch, patch])
        patches = self.op("Transpose", self.reshape(patches, 0, 0, -1), perm=[0, 2, 1])
        x = self.op("Concat", self.weight(f"{model}.cls_token"), patches, axis=1)
        x = self.op("Add", x, self.weight(f"{model}.pos_embed"))
        for index in range(vit["depth"]):
            block = f"{model}.blocks.{index}"
            qkv = self.linear(f"{block}.attn.qkv", self.norm(f"{block}.norm1", x, vit["norm_eps"]))
            q, k, v = self.op("Split", qkv, outputs=3, axis=2, num_outputs=3)
            q, k, v = self.query(q, count), self.key(k, count), self.value(v, count)
            x = self.op("Add", x, self.linear(f"{block}.attn.proj", self.attend(q, k, v, dim // count)[0]))
            hidden = self.linear(f"{block}.mlp.fc1", self.norm(f"{block}.norm2", x, vit["norm_eps"]))
            x = self.op("Add", x, self.linear(f"{block}.mlp.fc2", self.op("Gelu", hidden)))
        x = self.norm(f"{model}.norm", x, vit["norm_eps"])
        first, rest = self.op("Split", x, self.constant([1, (self.config["image"]["crop"] // patch) ** 2]), outputs=2, axis=1)
        return self.op("Squeeze", first, self.constant([1])), rest

    def mobilenet(self, net, pixels):
        model = "img_encoder.model"

        def conv(name, x, relu6=True, **attributes):
            x = self.op("Conv", x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), **attributes)
            return self.op("Clip", x, self.constant(0.0), self.constant(6.0)) if relu6 else x

        def rows(x):
            return self.op("Transpose", self.reshape(x, 0, 0, -1), perm=[0, 2, 1])

        x, channels = conv(f"{model}.stem", pixels, strides=[2, 2], pads=[1] * 4), net["stem"]
        for index, block in enumerate(net["blocks"]):
            name, stride, hidden = f"{model}.blocks.{index}", block["stride"], x
            if block["hidden"] != channels:
                hidden = conv(f"{name}.expand", x)
            hidden = conv(f"{name}.depthwise", hidden, strides=[stride] * 2, pads=[1] * 4, group=block["hidden"])
            out = conv(f"{name}.project", hidden, relu6=False)
            x = self.op("Add", x, out) if stride == 1 and channels == block["out"] else out
            channels = block["out"]
            if index == net["mid"]:
                middle = x
        high = rows(conv(f"{model}.head", x))
        fine, coarse = self.linear("img_encoder.local_mid", rows(middle)), self.linear("img_encoder.local_high", high)
        side = self.config["image"]["crop"] // 32
        coarse = self.reshape(coarse, 1, side, 1, side, 1, net["dim"])
        coarse = self.op("Expand", coarse, self.constant([1, side, 2, side, 2, net["dim"]]))
        mean = self.op("ReduceMean", high, self.constant([1]), keepdims=0)
        local = self.op("Add", fine, self.reshape(coarse, 1, 4 * side * side, net["dim"]))
        return self.linear("img_encoder.global_embedder", mean), local

    # The text encoder

    def text_tokens(self):
        """Word pieces in, and `gather`, which says which of them make up each row."""
        text = self.config["text_encoder"]
        ids = self.input("ids", ["texts", "tokens"], TensorProto.INT64)
        mask = self.input("mask", ["texts", 1, 1, "tokens"])
        gather = self.input("gather", ["texts", "rows", "tokens"])
        model, count, eps = "text_encoder.model", text["heads"], text["norm_eps"]
        tables = f"{model}.embeddings"
        positions = self.op(
            "Slice",
            self.constant(
                self.weights[f"{tables}.position_embeddings.weight"] + self.weights[f"{tables}.token_type_embeddings.weight"][0]
            ),
            self.constant([0]),
            self.op("Shape", ids, start=1, end=2),
            self.constant([0]),
        )
        words = self.op("Gather", self.weight(f"{tables}.word_embeddings.weight"), ids)
        x = self.norm(f"{tables}.layer_norm", self.op("Add", words, positions), eps)
        states = [x]
        for index in range(text["layers"]):
            layer = f"{model}.encoder.layer.{index}"
            q, k, v = (self.linear(f"{layer}.attention.{part}", x) for part in ("query", "key", "value"))
            q, k, v = self.query(q, count), self.key(k, count), self.value(v, count)
            attended = self.attend(q, k, v, text["dim"] // count, mask)[0]
            attended = self.linear(f"{layer}.attention.output.dense", attended)
            x = self.norm(f"{layer}.attention.output.layer_norm", self.op("Add", attended, x), eps)
            hidden = self.op("Gelu", self.linear(f"{layer}.intermediate.dense", x))
            out = self.op("Add", self.linear(f"{layer}.output.dense", hidden), x)
            x = self.norm(f"{layer}.output.layer_norm", out, eps)
            states.append(x)
        total = states[-text["last_layers"]]
        for state in states[1 - text["last_layers"] :]:
            total = self.op("Add", total, state)
        local = self.op("MatMul", gather, total)
        whole = self.op("Mul", self.op("ReduceSum", local, self.constant([1]), keepdims=0), self.constant(1 / text["rows"]))
        if text["embed"] is None:
            return whole, local
        return self.linear("text_encoder.global_embedder", whole), self.linear("text_encoder.local_embedder", local)

    # The fusion

    def encode(self, whole, local):
        """What scoring needs of an image or of texts, by name."""
        fusion, decoder = self.config["fusion"], "fusion_module.decoder"
        memory = self.op("Concat", self.op("Unsqueeze", whole, self.constant([1])), local, axis=1)
        memory = self.norm(f"{decoder}.norm", memory, fusion["norm_eps"])
        encoded = {"query": self.norm(f"{decoder}.norm", whole, fusion["norm_eps"])}
        for index in range(fusion["layers"]):
            attention = f"{decoder}.layers.{index}.multihead_attn"
            encoded[f"key{index}"] = self.key(self.linear(f"{attention}.key", memory), fusion["heads"])
            encoded[f"value{index}"] = self.value(self.linear(f"{attention}.value", memory), fusion["heads"])
        return encoded

    def interact(self, x, memory, bias=None):
        """`x` is `[memories, queries, dim]`: logits `[memories, queries]`, and each layer's scores and weights."""
        fusion, decoder = self.config["fusion"], "fusion_module.decoder"
        layers = []
        for index in range(fusion["layers"]):
            layer = f"{decoder}.layers.{index}"
            query = self.linear(f"{layer}.multihead_attn.query", self.norm(f"{layer}.norm2", x, fusion["norm_eps"]))
            query = self.query(query, fusion["heads"])
            key, value = memory[f"key{index}"], memory[f"value{index}"]
            context, *maps = self.attend(query, key, value, fusion["dim"] // fusion["heads"], bias)
            layers.append(maps)
            x = self.op("Add", x, self.linear(f"{layer}.multihead_attn.out_proj", context))
            hidden = self.op("Relu", self.linear(f"{layer}.linear1", self.norm(f"{layer}.norm3", x, fusion["norm_eps"])))
            x = self.op("Add", x, self.linear(f"{layer}.linear2", hidden))
        x = self.norm(f"{decoder}.norm", x, fusion["norm_eps"])
        for index in range(len(fusion["projector"]) + 1):
            x = self.linear(f"fusion_module.mlp_head.{index}", self.op("Relu", x) if index else x)
        return self.op("Squeeze", x, self.constant([2])), layers

    def scores(self):
        fusion = self.config["fusion"]
        count, head_dim = fusion["heads"], fusion["dim"] // fusion["heads"]

        def encoded(side, items):
            memory = {"query": self.input(f"{side}.query", [items, fusion["dim"]])}
            for index in range(fusion["layers"]):
                memory[f"key{index}"] = self.input(f"{side}.key{index}", [items, count, head_dim, f"{side}.keys"])
                memory[f"value{index}"] = self.input(f"{side}.value{index}", [items, count, f"{side}.keys", head_dim])
            return memory

        image, text = encoded("image", 1), encoded("text", "texts")
        bias = self.input("text.bias", ["texts", 1, 1, "text.keys"])
        texts = self.op("Concat", self.op("Shape", text["query"], start=0, end=1), self.constant([1, 1]), axis=0)
        i2t, layers = self.interact(self.op("Unsqueeze", text["query"], self.constant([0])), image)
        t2i, _ = self.interact(self.op("Expand", image["query"], texts), text, bias)

        def patch_map(maps):
            total = maps[0]
            for layer in maps[1:]:
                total = self.op("Add", total, layer)
            mean = self.op("ReduceMean", self.op("Mul", total, self.constant(1 / len(maps))), self.constant([1]), keepdims=0)
            return self.op("Slice", mean, self.constant([1]), self.constant([2**31]), self.constant([2]))

        return {
            "i2t": i2t,
            "t2i": self.op("Transpose", t2i, perm=[1, 0]),
            "similarity": patch_map([scores for scores, _ in layers]),
            "attention": patch_map([weights for _, weights in layers]),
        }


def read_tensors(folder):
    """A model folder's weights as they are stored: some as 8-bit rows, with `.scale` for each row."""
    tensors = {}
    for path in sorted(folder.glob("weights-*.safetensors")):
        tensors |= load_file(path)
    return tensors


def in_f32(tensors):
    weights = {}
    for name, values in tensors.items():
        if not name.endswith(".scale"):
            scale = tensors.get(f"{name}.scale", np.ones(1, np.float32))
            rows = values.astype(np.float32).reshape(len(scale), -1) * scale[:, None]
            weights[name] = rows.reshape(values.shape)
    return weights


def graphs(folder, out):
    config, weights = json.loads((folder / "config.json").read_text()), in_f32(read_tensors(folder))
    out.mkdir(parents=True, exist_ok=True)
    for name, tokens in (("image", Graph.image_tokens), ("text", Graph.text_tokens)):
        graph = Graph(config, weights)
        graph.save(out / f"{name}.onnx", graph.encode(*tokens(graph)))
    graph = Graph(config, weights)
    graph.save(out / "score.onnx", graph.scores())


def checkpoint(out):
    """Random weights in the layout and size of the official CARZero, and a vocabulary that has common English words."""
    dim, mlp, depth, vocab = 768, 3072, 12, 28996
    fusion_layers, feed_forward, projector = 4, 1024, [1024, 512, 256]
    random = np.random.default_rng(0)
    tensors = {}

    def matrix(name, *shape):
        fan_in = int(np.prod(shape[1:]))
        tensors[f"CARZero.{name}"] = (random.standard_normal(shape, np.float32) / fan_in**0.5).astype(np.float32)

    def linear(name, *shape):
        matrix(f"{name}.weight", *shape)
        tensors[f"CARZero.{name}.bias"] = np.zeros(shape[0], np.float32)

    def norm(name):
        tensors[f"CARZero.{name}.weight"] = np.ones(dim, np.float32)
        tensors[f"CARZero.{name}.bias"] = np.zeros(dim, np.float32)

    image, text, decoder = "img_encoder.model", "text_encoder.model", "fusion_module.decoder"
    matrix(f"{image}.cls_token", 1, 1, dim)
    matrix(f"{image}.pos_embed", 1, 14 * 14 + 1, dim)
    linear(f"{image}.patch_embed.proj", dim, 3, 16, 16)
    for index in range(depth):
        block = f"{image}.blocks.{index}"
        linear(f"{block}.attn.qkv", 3 * dim, dim)
        linear(f"{block}.attn.proj", dim, dim)
        linear(f"{block}.mlp.fc1", mlp, dim)
        linear(f"{block}.mlp.fc2", dim, mlp)
        norm(f"{block}.norm1")
        norm(f"{block}.norm2")
    norm(f"{image}.norm")

    for name, rows in (("word", vocab), ("position", 512), ("token_type", 2)):
        matrix(f"{text}.embeddings.{name}_embeddings.weight", rows, dim)
    norm(f"{text}.embeddings.LayerNorm")
    for index in range(depth):
        layer = f"{text}.encoder.layer.{index}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            linear(f"{layer}.attention.{part}", dim, dim)
        linear(f"{layer}.intermediate.dense", mlp, dim)
        linear(f"{layer}.output.dense", dim, mlp)
        norm(f"{layer}.attention.output.LayerNorm")
        norm(f"{layer}.output.LayerNorm")

    for index in range(fusion_layers):
        layer = f"{decoder}.layers.{index}"
        matrix(f"{layer}.multihead_attn.in_proj_weight", 3 * dim, dim)
        tensors[f"CARZero.{layer}.multihead_attn.in_proj_bias"] = np.zeros(3 * dim, np.float32)
        linear(f"{layer}.multihead_attn.out_proj", dim, dim)
        linear(f"{layer}.linear1", feed_forward, dim)
        linear(f"{layer}.linear2", dim, feed_forward)
        norm(f"{layer}.norm2")
        norm(f"{layer}.norm3")
    norm(f"{decoder}.norm")
    widths = [dim, *projector, 1]
    for index, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        linear(f"fusion_module.mlp_head.{3 * index}", outputs, inputs)

    out.mkdir(parents=True, exist_ok=True)
    save_file(tensors, out / "checkpoint.safetensors")
    # The shipped model's pieces, so that both read a sentence in as many, and then unused ones.
    tokenizer = json.loads(Path("models/default/tokenizer.json").read_text())
    pieces = sorted(tokenizer["model"]["vocab"], key=tokenizer["model"]["vocab"].get)
    pieces += [f"[unused{index}]" for index in range(vocab - len(pieces))]
    (out / "vocab.txt").write_text("\n".join(pieces) + "\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["checkpoint", out]:
            checkpoint(Path(out))
        case ["graphs", folder, out]:
            graphs(Path(folder), Path(out))
        case _:
            sys.exit(__doc__)
