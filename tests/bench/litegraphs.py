"""A model folder as LiteRT graphs.

    pip install -r tests/bench/requirements.txt
    python tests/bench/litegraphs.py f32 MODEL OUT
    python tests/bench/litegraphs.py int8 MODEL OUT

`image.tflite`, `text.tflite` and `score.tflite` are split as export.py's, and their inputs and outputs have the same names.
Shapes are fixed: a sentence has PIECES word pieces, padded, and `score.tflite` has a signature for each number of prompts, over
the same weights. Images are rows of pixels (NHWC), keys are `[batch, heads, tokens, head_dim]` like values. The operators are
those that XNNPACK runs, but for the look-up of words.

In `int8` linear layers, convolutions of 1 x 1 and words have the folder's own 8-bit rows, and what comes into the former is quantised
row by row at run time ("dynamic range"). What the folder does not keep in 8 bits is f32, and so are depthwise convolutions, the first
layer, the products of attention and all between. Statically quantised activations, which need images to calibrate, are not made.
"""

import json
import sys
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as tfl
from export import in_f32, read_tensors

PIECES = 10  # "There is Pneumothorax" has as many, and none of ChestX-ray14's findings has more
ROWS = PIECES + 1  # a row for each piece at most, and one that stands for all empty ones
PROMPTS = [1, 14, 192]


class Buffer(tfl.BufferT):
    """Constant values, aligned as the format asks."""

    def Pack(self, builder):
        if self.data is None:
            return super().Pack(builder)
        data = self.data.tobytes()
        builder.StartVector(1, len(data), 16)
        builder.head -= len(data)
        builder.Bytes[builder.head : builder.head + len(data)] = data
        vector = builder.EndVector()
        tfl.BufferStart(builder)
        tfl.BufferAddData(builder, vector)
        return tfl.BufferEnd(builder)


class Model:
    """A model file under construction: signatures over the same weights."""

    def __init__(self):
        self.buffers, self.places, self.codes = [Buffer()], {}, []
        self.graphs, self.signatures = [], []

    def place(self, name, values):
        """The buffer of a constant, which all graphs share."""
        if name not in self.places:
            self.places[name] = len(self.buffers)
            self.buffers.append(Buffer(np.ascontiguousarray(values)))
        return self.places[name]

    def code(self, kind):
        number = getattr(tfl.BuiltinOperator, kind)
        if number not in self.codes:
            self.codes.append(number)
        return self.codes.index(number)

    def add(self, key, graph, outputs):
        def named(tensors):
            return [tfl.TensorMapT(name, index) for name, index in tensors.items()]

        inputs, index = graph.inputs, len(self.graphs)
        self.graphs.append(tfl.SubGraphT(graph.tensors, list(inputs.values()), list(outputs.values()), graph.operators, key))
        self.signatures.append(tfl.SignatureDefT(named(inputs), named(outputs), key, index))

    def save(self, path):
        codes = [tfl.OperatorCodeT(deprecatedBuiltinCode=min(code, 127), builtinCode=code, version=1) for code in self.codes]
        model = tfl.ModelT(3, codes, self.graphs, path.stem, self.buffers, signatureDefs=self.signatures)
        builder = flatbuffers.Builder(2**20 + sum(buffer.data.nbytes + 64 for buffer in self.buffers[1:]))
        builder.Finish(model.Pack(builder), b"TFL3")
        path.write_bytes(builder.Output())


class Graph:
    """A graph under construction; tensors go by their indices."""

    def __init__(self, model, config, weights, rows):
        self.model, self.config, self.weights, self.rows = model, config, weights, rows
        self.tensors, self.operators, self.inputs = [], [], {}

    def tensor(self, shape, kind=tfl.TensorType.FLOAT32, **more):
        self.tensors.append(tfl.TensorT([int(size) for size in shape], kind, name=f"t{len(self.tensors)}", **more))
        return len(self.tensors) - 1

    def shape(self, x):
        return self.tensors[x].shape

    def op(self, kind, inputs, shape, options=None):
        out = self.tensor(shape)
        what = getattr(tfl.BuiltinOptions, type(options).__name__[:-1]) if options else 0
        self.operators.append(tfl.OperatorT(self.model.code(kind), inputs, [out], what, options))
        return out

    def input(self, name, shape, kind=tfl.TensorType.FLOAT32):
        self.inputs[name] = self.tensor(shape, kind)
        return self.inputs[name]

    def constant(self, values, name=None):
        values = np.asarray(values)
        whole = values.dtype.kind == "i"
        values = values.astype(np.int32 if whole else np.float32)
        buffer = self.model.place(name or (values.tobytes(), values.shape), values)
        return self.tensor(values.shape, tfl.TensorType.INT32 if whole else tfl.TensorType.FLOAT32, buffer=buffer)

    def weight(self, name):
        return self.constant(self.weights[name], name)

    def rows_of(self, name, shape):
        """Weights with an output a row: as 8-bit rows and scales where there are such."""
        if name not in self.rows:
            return self.constant(self.weights[name].reshape(shape), name)
        values, scale = self.rows[name], self.rows[f"{name}.scale"]
        quantization = tfl.QuantizationParametersT(scale=scale, zeroPoint=np.zeros(len(scale), np.int64), quantizedDimension=0)
        buffer = self.model.place(name, values)
        return self.tensor(shape, tfl.TensorType.INT8, buffer=buffer, quantization=quantization)

    # Layers

    def binary(self, kind, a, b):
        return self.op(kind, [a, b], np.broadcast_shapes(self.shape(a), self.shape(b)))

    def add(self, a, b):
        return self.binary("ADD", a, b)

    def multiply(self, a, b):
        return self.binary("MUL", a, b)

    def unary(self, kind, x, options=None):
        return self.op(kind, [x], self.shape(x), options)

    def gelu(self, x):
        return self.unary("GELU", x, tfl.GeluOptionsT(approximate=False))

    def reduce(self, kind, x, axis, keep=True):
        shape = [size for index, size in enumerate(self.shape(x)) if index != axis]
        if keep:
            shape.insert(axis, 1)
        return self.op(kind, [x, self.constant([axis])], shape, tfl.ReducerOptionsT(keepDims=keep))

    def reshape(self, x, *shape):
        return self.op("RESHAPE", [x, self.constant(shape)], shape, tfl.ReshapeOptionsT(newShape=list(shape)))

    def transpose(self, x, *order):
        return self.op("TRANSPOSE", [x, self.constant(order)], [self.shape(x)[axis] for axis in order])

    def slice(self, x, start, *shape):
        """From the token `start`."""
        return self.op("SLICE", [x, self.constant([0, start, 0]), self.constant(shape)], shape)

    def concat(self, a, b):
        """Tokens of both."""
        batch, count, dim = self.shape(a)
        return self.op("CONCATENATION", [a, b], [batch, count + self.shape(b)[1], dim], tfl.ConcatenationOptionsT(axis=1))

    def product(self, a, b, turned=False):
        """The matrix product with `b`, or with `b` transposed."""
        shape = [*self.shape(a)[:-1], self.shape(b)[-2 if turned else -1]]
        return self.op("BATCH_MATMUL", [a, b], shape, tfl.BatchMatMulOptionsT(adjY=turned))

    def linear(self, name, x, relu=False):
        weight = self.rows_of(f"{name}.weight", self.weights[f"{name}.weight"].shape)
        options = tfl.FullyConnectedOptionsT(keepNumDims=True, asymmetricQuantizeInputs=True)
        options.fusedActivationFunction = tfl.ActivationFunctionType.RELU if relu else tfl.ActivationFunctionType.NONE
        shape = [*self.shape(x)[:-1], self.shape(weight)[0]]
        return self.op("FULLY_CONNECTED", [x, weight, self.weight(f"{name}.bias")], shape, options)

    def norm(self, name, x, eps):
        centred = self.binary("SUB", x, self.reduce("MEAN", x, 2))
        variance = self.reduce("MEAN", self.unary("SQUARE", centred), 2)
        scale = self.unary("RSQRT", self.add(variance, self.constant(float(eps))))
        scaled = self.multiply(self.multiply(centred, scale), self.weight(f"{name}.weight"))
        return self.add(scaled, self.weight(f"{name}.bias"))

    def heads(self, x, count):
        """`[batch, tokens, dim]` as `[batch, heads, tokens, dim / heads]`."""
        batch, tokens, dim = self.shape(x)
        return self.transpose(self.reshape(x, batch, tokens, count, dim // count), 0, 2, 1, 3)

    def attend(self, query, key, value, bias=None):
        """Context, scores and weights."""
        batch, count, tokens, head_dim = self.shape(query)
        scores = self.product(self.multiply(query, self.constant(head_dim**-0.5)), key, turned=True)
        weights = self.unary("SOFTMAX", self.add(scores, bias) if bias is not None else scores, tfl.SoftmaxOptionsT(beta=1.0))
        context = self.transpose(self.product(weights, value), 0, 2, 1, 3)
        return self.reshape(context, batch, tokens, count * head_dim), scores, weights

    # The image encoders: the global token `[1, 1, dim]` and the others `[1, tokens, dim]`

    def image_tokens(self):
        crop = self.config["image"]["crop"]
        pixels = self.input("pixels", [1, crop, crop, 1])
        encoder = self.config["image_encoder"]
        return self.vit(encoder, pixels) if encoder["type"] == "vit" else self.mobilenet(encoder, pixels)

    def conv(self, name, x, weight, stride=1, relu6=False, depthwise=False):
        """Pads by half the kernel where it overlaps, as the models do: "same" would pad only below and to the right at stride 2."""
        _, rows, columns, channels = self.shape(x)
        kernel = self.shape(weight)[1]
        padding = tfl.Padding.SAME
        if stride > 1:
            padding = tfl.Padding.VALID
            if stride < kernel:
                around = [1, rows + 2, columns + 2, channels]
                x = self.op("PAD", [x, self.constant([[0, 0], [1, 1], [1, 1], [0, 0]])], around)
        options = tfl.DepthwiseConv2DOptionsT(depthMultiplier=1) if depthwise else tfl.Conv2DOptionsT()
        options.padding, options.strideH, options.strideW = padding, stride, stride
        options.dilationHFactor = options.dilationWFactor = 1
        options.fusedActivationFunction = tfl.ActivationFunctionType.RELU6 if relu6 else tfl.ActivationFunctionType.NONE
        shape = [1, rows // stride, columns // stride, channels if depthwise else self.shape(weight)[0]]
        kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        return self.op(kind, [x, weight, self.weight(f"{name}.bias")], shape, options)

    def vit(self, vit, pixels):
        model, patch, dim, count = "img_encoder.model", vit["patch"], vit["dim"], vit["heads"]
        name = f"{model}.patch_embed.proj"
        weight = self.constant(self.weights[f"{name}.weight"].reshape(dim, patch, patch, 1), f"{name}.weight")
        side = self.config["image"]["crop"] // patch
        patches = self.reshape(self.conv(name, pixels, weight, stride=patch), 1, side * side, dim)
        x = self.add(self.concat(self.weight(f"{model}.cls_token"), patches), self.weight(f"{model}.pos_embed"))
        for index in range(vit["depth"]):
            block = f"{model}.blocks.{index}"
            qkv = self.linear(f"{block}.attn.qkv", self.norm(f"{block}.norm1", x, vit["norm_eps"]))
            q, k, v = (self.heads(part, count) for part in self.split(qkv, 3))
            x = self.add(x, self.linear(f"{block}.attn.proj", self.attend(q, k, v)[0]))
            hidden = self.linear(f"{block}.mlp.fc1", self.norm(f"{block}.norm2", x, vit["norm_eps"]))
            x = self.add(x, self.linear(f"{block}.mlp.fc2", self.gelu(hidden)))
        x = self.norm(f"{model}.norm", x, vit["norm_eps"])
        return self.slice(x, 0, 1, 1, dim), self.slice(x, 1, 1, side * side, dim)

    def split(self, x, parts):
        *axes, dim = self.shape(x)
        first, *others = outputs = [self.tensor([*axes, dim // parts]) for _ in range(parts)]
        inputs = [self.constant(len(axes)), x]
        options = tfl.SplitOptionsT(numSplits=parts)
        self.operators.append(tfl.OperatorT(self.model.code("SPLIT"), inputs, outputs, tfl.BuiltinOptions.SplitOptions, options))
        return outputs

    def mobilenet(self, net, pixels):
        model = "img_encoder.model"

        def pointwise(name, x, relu6=True):
            outputs, inputs, _, _ = self.weights[f"{name}.weight"].shape
            return self.conv(name, x, self.rows_of(f"{name}.weight", [outputs, 1, 1, inputs]), relu6=relu6)

        def windows(name, x, stride, depthwise):
            weight = self.weights[f"{name}.weight"].transpose((1, 2, 3, 0) if depthwise else (0, 2, 3, 1))
            return self.conv(name, x, self.constant(weight, f"{name}.weight"), stride, relu6=True, depthwise=depthwise)

        def rows(x):
            _, height, width, channels = self.shape(x)
            return self.reshape(x, 1, height * width, channels)

        x, channels = windows(f"{model}.stem", pixels, 2, depthwise=False), net["stem"]
        for index, block in enumerate(net["blocks"]):
            name, stride, hidden = f"{model}.blocks.{index}", block["stride"], x
            if block["hidden"] != channels:
                hidden = pointwise(f"{name}.expand", x)
            hidden = windows(f"{name}.depthwise", hidden, stride, depthwise=True)
            out = pointwise(f"{name}.project", hidden, relu6=False)
            x = self.add(x, out) if stride == 1 and channels == block["out"] else out
            channels = block["out"]
            if index == net["mid"]:
                middle = x
        high = rows(pointwise(f"{model}.head", x))
        fine, coarse = self.linear("img_encoder.local_mid", rows(middle)), self.linear("img_encoder.local_high", high)
        side, dim = self.config["image"]["crop"] // 32, net["dim"]
        # Four fine tokens get the coarse one that they lie in.
        local = self.add(self.reshape(fine, side, 2, side, 2, dim), self.reshape(coarse, side, 1, side, 1, dim))
        whole = self.linear("img_encoder.global_embedder", self.reduce("MEAN", high, 1))
        return whole, self.reshape(local, 1, 4 * side * side, dim)

    # The text encoder

    def text_tokens(self):
        """Word pieces in, and `gather`, which says which of them make up each row."""
        text = self.config["text_encoder"]
        ids = self.input("ids", [PIECES], tfl.TensorType.INT32)
        mask = self.input("mask", [1, 1, 1, PIECES])
        gather = self.input("gather", [1, ROWS, PIECES])
        model, count, eps, dim = "text_encoder.model", text["heads"], text["norm_eps"], text["dim"]
        tables = f"{model}.embeddings"
        positions = self.weights[f"{tables}.position_embeddings.weight"] + self.weights[f"{tables}.token_type_embeddings.weight"][0]
        table = f"{tables}.word_embeddings.weight"
        words = self.op("EMBEDDING_LOOKUP", [ids, self.rows_of(table, self.weights[table].shape)], [PIECES, dim])
        x = self.add(self.reshape(words, 1, PIECES, dim), self.constant(positions[:PIECES]))
        x = self.norm(f"{tables}.layer_norm", x, eps)
        states = [x]
        for index in range(text["layers"]):
            layer = f"{model}.encoder.layer.{index}"
            q, k, v = (self.heads(self.linear(f"{layer}.attention.{part}", x), count) for part in ("query", "key", "value"))
            attended = self.linear(f"{layer}.attention.output.dense", self.attend(q, k, v, mask)[0])
            x = self.norm(f"{layer}.attention.output.layer_norm", self.add(attended, x), eps)
            hidden = self.gelu(self.linear(f"{layer}.intermediate.dense", x))
            x = self.norm(f"{layer}.output.layer_norm", self.add(self.linear(f"{layer}.output.dense", hidden), x), eps)
            states.append(x)
        total = states[-text["last_layers"]]
        for state in states[1 - text["last_layers"] :]:
            total = self.add(total, state)
        local = self.product(gather, total)
        whole = self.multiply(self.reduce("SUM", local, 1), self.constant(1 / text["rows"]))
        if text["embed"] is None:
            return whole, local
        return self.linear("text_encoder.global_embedder", whole), self.linear("text_encoder.local_embedder", local)

    # The fusion

    def encode(self, whole, local):
        """What scoring needs of an image or of a text, by name."""
        fusion, decoder = self.config["fusion"], "fusion_module.decoder"
        memory = self.norm(f"{decoder}.norm", self.concat(whole, local), fusion["norm_eps"])
        encoded = {"query": self.norm(f"{decoder}.norm", whole, fusion["norm_eps"])}
        for index in range(fusion["layers"]):
            attention = f"{decoder}.layers.{index}.multihead_attn"
            for part in ("key", "value"):
                encoded[f"{part}{index}"] = self.heads(self.linear(f"{attention}.{part}", memory), fusion["heads"])
        return encoded

    def interact(self, x, memory, bias=None):
        """`x` is `[memories, queries, dim]`: logits `[memories * queries]`, and each layer's scores and weights."""
        fusion, decoder = self.config["fusion"], "fusion_module.decoder"
        layers = []
        for index in range(fusion["layers"]):
            layer = f"{decoder}.layers.{index}"
            query = self.linear(f"{layer}.multihead_attn.query", self.norm(f"{layer}.norm2", x, fusion["norm_eps"]))
            key, value = memory[f"key{index}"], memory[f"value{index}"]
            context, *maps = self.attend(self.heads(query, fusion["heads"]), key, value, bias)
            layers.append(maps)
            x = self.add(x, self.linear(f"{layer}.multihead_attn.out_proj", context))
            hidden = self.linear(f"{layer}.linear1", self.norm(f"{layer}.norm3", x, fusion["norm_eps"]), relu=True)
            x = self.add(x, self.linear(f"{layer}.linear2", hidden))
        x = self.norm(f"{decoder}.norm", x, fusion["norm_eps"])
        last = len(fusion["projector"])
        for index in range(last + 1):
            x = self.linear(f"fusion_module.mlp_head.{index}", x, relu=index < last)
        batch, queries, _ = self.shape(x)
        return self.reshape(x, batch * queries), layers

    def scores(self, prompts):
        fusion = self.config["fusion"]
        count, dim, patches = fusion["heads"], fusion["dim"], self.patches()

        def encoded(side, items, keys):
            memory = {"query": self.input(f"{side}.query", [items, 1, dim])}
            for index in range(fusion["layers"]):
                for part in ("key", "value"):
                    name = f"{part}{index}"
                    memory[name] = self.input(f"{side}.{name}", [items, count, keys, dim // count])
            return memory

        image, text = encoded("image", 1, 1 + patches), encoded("text", prompts, 1 + ROWS)
        bias = self.input("text.bias", [prompts, 1, 1, 1 + ROWS])
        i2t, layers = self.interact(self.reshape(text["query"], 1, prompts, dim), image)
        t2i, _ = self.interact(self.multiply(image["query"], self.constant(np.ones([prompts, 1, 1]))), text, bias)

        def patch_map(maps):
            total = maps[0]
            for layer in maps[1:]:
                total = self.add(total, layer)
            mean = self.multiply(self.reduce("MEAN", total, 1, keep=False), self.constant(1 / len(maps)))
            return self.op("SLICE", [mean, self.constant([0, 0, 1]), self.constant([1, prompts, patches])], [1, prompts, patches])

        return {
            "i2t": i2t,
            "t2i": t2i,
            "similarity": patch_map([scores for scores, _ in layers]),
            "attention": patch_map([weights for _, weights in layers]),
        }

    def patches(self):
        return (self.config["image"]["crop"] // 16) ** 2


def graphs(form, folder, out):
    config, tensors = json.loads((folder / "config.json").read_text()), read_tensors(folder)
    weights = in_f32(tensors)
    rows = {name: values for name, values in tensors.items() if f"{name}.scale" in tensors or name.endswith(".scale")}
    rows = rows if form == "int8" else {}
    out.mkdir(parents=True, exist_ok=True)
    for name, tokens in (("image", Graph.image_tokens), ("text", Graph.text_tokens)):
        graph = Graph(model := Model(), config, weights, rows)
        model.add("encode", graph, graph.encode(*tokens(graph)))
        model.save(out / f"{name}.tflite")
    model = Model()
    for prompts in PROMPTS:
        graph = Graph(model, config, weights, rows)
        model.add(f"prompts{prompts}", graph, graph.scores(prompts))
    model.save(out / "score.tflite")


match sys.argv[1:]:
    case [("f32" | "int8") as form, folder, out]:
        graphs(form, Path(folder), Path(out))
    case _:
        sys.exit(__doc__)
