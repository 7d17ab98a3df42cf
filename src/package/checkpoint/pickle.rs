//! The part of Python's pickle format that checkpoints need: dictionaries and tensors.
//!
//! A pickle is a program for a small stack machine (documented in CPython's `pickletools.py`), some of whose
//! instructions call Python functions. Nothing is called here: PyTorch's functions that rebuild tensors are recognised
//! by name, and the result of any other function is an opaque object, which may have attributes and entries. So other
//! contents of a checkpoint (`AttributeDict`, OmegaConf's classes, keys that are tuples) are skipped.

use std::collections::HashMap;

use super::file::{Found, Located, Number, Storage, little_endian};

/// The largest pickle that is read, in bytes; no checkpoint has a larger one.
pub const MAX_PICKLE: u64 = 64 << 20;
/// Entries of a checkpoint under which training programs store the tensors.
pub const ENTRIES: [&str; 3] = ["state_dict", "model_state_dict", "model"];
/// The most values that a pickle may create: more than any checkpoint needs, and few enough to fit into memory.
const MAX_VALUES: usize = 1 << 23;
/// The most entries that are searched for tensors.
const MAX_ENTRIES: usize = 1 << 18;
/// The deepest nesting of dictionaries that is searched.
const MAX_DEPTH: usize = 64;
/// The longest name of a tensor, in bytes.
const MAX_NAME: usize = 1024;
/// Attributes of a pickled `torch.nn.Module` that are not part of the names in a `state_dict`.
const MODULE_PARTS: [&[u8]; 3] = [b"_parameters", b"_buffers", b"_modules"];

/// A tensor as the pickle describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorRef {
    /// Name of the storage.
    pub storage: String,
    /// The type of its values.
    pub number: Number,
    /// Index in the storage of the tensor's first value.
    pub offset: usize,
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// For each axis, how many values apart neighbours are in the storage.
    pub strides: Vec<usize>,
}

/// A value of the stack machine. Lists, dictionaries, storages and tensors are indices into those of the [`Pickle`].
#[derive(Debug, Clone, Copy)]
enum Value<'a> {
    Opaque,
    Mark,
    Integer(i64),
    Text(&'a [u8]),
    /// A class or function by module and name.
    Name(&'a [u8], &'a [u8]),
    /// A list, tuple or set.
    List(usize),
    /// A dictionary, or an object as its attributes and entries.
    Dict(usize),
    Storage(usize),
    Tensor(usize),
}

/// The contents of a pickle.
#[derive(Debug)]
pub struct Pickle<'a> {
    root: Value<'a>,
    lists: Vec<Vec<Value<'a>>>,
    dicts: Vec<Vec<(&'a [u8], Value<'a>)>>,
    storages: Vec<(&'a [u8], Number)>,
    tensors: Vec<TensorRef>,
    /// Number of values created so far.
    made: usize,
    /// Length of the pickle in bytes.
    pub length: usize,
}

/// A tensor and its name.
type Named = (String, TensorRef);

impl TensorRef {
    fn located(self, storage: Storage) -> Located {
        let Self { number, offset, shape, strides, .. } = self;
        Located { storage, number, offset, shape, strides }
    }
}

impl<'a> Pickle<'a> {
    /// Reads a pickle of any protocol.
    ///
    /// # Errors
    ///
    /// What is wrong, where it is damaged or too large.
    pub fn read(data: &'a [u8]) -> Result<Self, String> {
        let pickle = Self {
            root: Value::Opaque,
            lists: Vec::new(),
            dicts: Vec::new(),
            storages: Vec::new(),
            tensors: Vec::new(),
            made: 0,
            length: 0,
        };
        Machine { data, at: 0, stack: Vec::new(), memo: HashMap::new(), pickle }.run()
    }

    /// The tensors in the first of [`ENTRIES`] at the top level that has any, or else all tensors. `storage` finds a
    /// storage by its name.
    ///
    /// # Errors
    ///
    /// Where there are too many, or a storage is not found.
    pub fn tensors(
        &self,
        storage: &dyn Fn(&str) -> Result<Storage, String>,
    ) -> Result<Found, String> {
        let (entry, tensors) = self.tensors_at_the_top()?;
        let located = |(key, tensor): Named| {
            let storage =
                storage(&tensor.storage).map_err(|reason| format!("`{key}`: {reason}"))?;
            Ok((key, tensor.located(storage)))
        };
        let tensors = tensors.into_iter().map(located).collect::<Result<_, String>>()?;
        Ok(Found { entry, tensors })
    }

    fn tensors_at_the_top(&self) -> Result<(Option<&'static str>, Vec<Named>), String> {
        for entry in ENTRIES {
            let found = match self.root {
                Value::Dict(dict) => self.entry(dict, entry.as_bytes()),
                _ => None,
            };
            let tensors = found.map(|value| self.tensors_in(value)).transpose()?;
            if let Some(tensors) = tensors.filter(|tensors| !tensors.is_empty()) {
                return Ok((Some(entry), tensors));
            }
        }
        Ok((None, self.tensors_in(self.root)?))
    }

    /// All storages by their names.
    pub fn storages(&self) -> impl Iterator<Item = (&'a [u8], Number)> {
        self.storages.iter().copied()
    }

    /// The texts in the list at the top level; none if that is no list.
    pub fn texts(&self) -> impl Iterator<Item = &'a [u8]> {
        let items = match self.root {
            Value::List(list) => self.lists[list].as_slice(),
            _ => &[],
        };
        items.iter().filter_map(|item| match *item {
            Value::Text(text) => Some(text),
            _ => None,
        })
    }

    /// The value of an entry of a dictionary.
    fn entry(&self, dict: usize, key: &[u8]) -> Option<Value<'a>> {
        let found = self.dicts[dict].iter().rev().find(|(name, _)| *name == key);
        found.map(|(_, value)| *value)
    }

    /// All tensors below a value, with their names joined by dots.
    fn tensors_in(&self, value: Value<'a>) -> Result<Vec<Named>, String> {
        let mut open = vec![(String::new(), value, 0)];
        let (mut tensors, mut seen) = (Vec::new(), 0);
        while let Some((name, value, depth)) = open.pop() {
            seen += 1;
            if seen > MAX_ENTRIES {
                return Err("it has more entries than a checkpoint can have".into());
            }
            match value {
                Value::Tensor(tensor) => tensors.push((name, self.tensors[tensor].clone())),
                Value::Dict(dict) if depth < MAX_DEPTH => {
                    for (key, value) in self.dicts[dict].iter().rev() {
                        let holds = matches!(value, Value::Tensor(_) | Value::Dict(_));
                        if let Some(name) = below(&name, key).filter(|_| holds) {
                            open.push((name, *value, depth + 1));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(tensors)
    }
}

/// The name of an entry; `None` if its key is not valid UTF-8, or the name gets too long.
fn below(name: &str, key: &[u8]) -> Option<String> {
    if MODULE_PARTS.contains(&key) {
        return Some(name.to_owned());
    }
    let key = std::str::from_utf8(key).ok()?;
    let dot = if name.is_empty() { "" } else { "." };
    (name.len() + key.len() < MAX_NAME).then(|| format!("{name}{dot}{key}"))
}

/// The stack machine. Code that its instructions share is not inlined, because there are dozens of instructions and the
/// page has to download the program.
struct Machine<'a> {
    data: &'a [u8],
    at: usize,
    stack: Vec<Value<'a>>,
    memo: HashMap<u64, Value<'a>>,
    pickle: Pickle<'a>,
}

type Step<T = ()> = Result<T, String>;

impl<'a> Machine<'a> {
    fn run(mut self) -> Step<Pickle<'a>> {
        loop {
            let code = self.take(1)?[0];
            if code == b'.' {
                self.pickle.root = self.pop()?;
                self.pickle.length = self.at;
                return Ok(self.pickle);
            }
            self.step(code)?;
        }
    }

    /// Executes one instruction, given by its code in `pickletools.py`.
    fn step(&mut self, code: u8) -> Step {
        match code {
            0x80 | 0x82 => self.skip(code, 1), // PROTO, EXT1
            0x95 => self.take(8).map(drop),    // FRAME
            b'(' => self.push(Value::Mark),
            b'0' => self.pop().map(drop),
            b'1' => self.pop_to_mark().map(drop),
            b'2' => self.stack.last().copied().ok_or_else(short).and_then(|top| self.push(top)),
            b'N' | 0x88 | 0x89 | 0x97 => self.push(Value::Opaque), // None, True, False, NEXT_BUFFER
            0x98 => Ok(()),                                        // READONLY_BUFFER
            0x83 => self.skip(code, 2),                            // EXT2
            0x84 => self.skip(code, 4),                            // EXT4
            b'G' => self.skip(code, 8),                            // BINFLOAT
            b'K' | b'M' | b'J' | 0x8a | 0x8b | b'I' | b'L' | b'F' => self.number(code),
            b'S' | b'V' | b'U' | 0x8c | b'T' | b'X' | 0x8d | b'C' | b'B' | 0x8e | 0x96 => {
                self.text(code)
            }
            b'c' | 0x93 => self.name(code),
            b']' | b')' | 0x8f => self.list(Vec::new()),
            b'l' | b't' | 0x91 => self.pop_to_mark().and_then(|items| self.list(items)),
            0x85..=0x87 => self.tuple(usize::from(code - 0x84)),
            b'}' => self.dict(Vec::new()),
            b'd' => self.pop_to_mark().and_then(|items| self.dict(pairs(&items))),
            b'a' => self.pop().and_then(|item| self.extend(vec![item])),
            b'e' | 0x90 => self.pop_to_mark().and_then(|items| self.extend(items)),
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.insert(pairs(&[key, value]))
            }
            b'u' => self.pop_to_mark().and_then(|items| self.insert(pairs(&items))),
            b'p' | b'q' | b'r' | 0x94 => self.put(code),
            b'g' | b'h' | b'j' => self.get(code),
            b'P' => self.line().and_then(|_| self.push(Value::Opaque)),
            b'Q' => self.pop().and_then(|id| self.storage(id)),
            b'R' => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                let result = self.call(function, arguments, true)?;
                self.push(result)
            }
            0x81 | 0x92 => self.object(usize::from(code == 0x92) + 2), // NEWOBJ, NEWOBJ_EX
            b'o' => self.pop_to_mark().and_then(|_| self.dict(Vec::new())),
            b'i' => {
                let _ = (self.line()?, self.line()?, self.pop_to_mark()?);
                self.dict(Vec::new())
            }
            b'b' => self.build(),
            _ => Err(format!("{code:#04x} at byte {} is no instruction of a pickle", self.at - 1)),
        }
    }

    #[inline(never)]
    fn take(&mut self, length: usize) -> Step<&'a [u8]> {
        let end = self.at.checked_add(length).ok_or_else(short)?;
        let taken = self.data.get(self.at..end).ok_or_else(short)?;
        self.at = end;
        Ok(taken)
    }

    /// A little-endian number of up to 8 bytes.
    #[inline(never)]
    fn unsigned(&mut self, bytes: usize) -> Step<u64> {
        Ok(little_endian(self.take(bytes)?))
    }

    #[inline(never)]
    fn line(&mut self) -> Step<&'a [u8]> {
        let rest = self.data.get(self.at..).ok_or_else(short)?;
        let end = rest.iter().position(|&byte| byte == b'\n').ok_or_else(short)?;
        self.at += end + 1;
        Ok(&rest[..end])
    }

    fn count(&mut self, values: usize) -> Step {
        self.pickle.made += values;
        let fits = self.pickle.made <= MAX_VALUES;
        fits.then_some(()).ok_or_else(|| "it has more values than a checkpoint can have".into())
    }

    #[inline(never)]
    fn push(&mut self, value: Value<'a>) -> Step {
        self.count(1)?;
        self.stack.push(value);
        Ok(())
    }

    #[inline(never)]
    fn pop(&mut self) -> Step<Value<'a>> {
        self.stack.pop().ok_or_else(short)
    }

    #[inline(never)]
    fn pop_to_mark(&mut self) -> Step<Vec<Value<'a>>> {
        let mark = self.stack.iter().rposition(|value| matches!(value, Value::Mark));
        let mark = mark.ok_or_else(short)?;
        let items = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(items)
    }

    /// Skips an instruction that is irrelevant here, together with its argument.
    fn skip(&mut self, code: u8, bytes: usize) -> Step {
        self.take(bytes)?;
        if code == 0x80 { Ok(()) } else { self.push(Value::Opaque) }
    }

    fn number(&mut self, code: u8) -> Step {
        let value = match code {
            b'K' => Some(self.unsigned(1)? as i64),
            b'M' => Some(self.unsigned(2)? as i64),
            b'J' => Some(i64::from(self.unsigned(4)? as u32 as i32)),
            0x8a | 0x8b => {
                let length = self.unsigned(if code == 0x8a { 1 } else { 4 })? as usize;
                signed(self.take(length)?)
            }
            _ => {
                let line = std::str::from_utf8(self.line()?).unwrap_or_default();
                line.trim_end_matches('L').parse().ok()
            }
        };
        self.push(value.map_or(Value::Opaque, Value::Integer))
    }

    fn text(&mut self, code: u8) -> Step {
        let text = match code {
            b'V' => self.line()?,
            b'S' => {
                let line = self.line()?;
                line.get(1..line.len().saturating_sub(1)).unwrap_or_default()
            }
            _ => {
                let width = match code {
                    b'U' | 0x8c | b'C' => 1,
                    b'T' | b'X' | b'B' => 4,
                    _ => 8,
                };
                let length = usize::try_from(self.unsigned(width)?).map_err(|_| short())?;
                self.take(length)?
            }
        };
        self.push(Value::Text(text))
    }

    fn name(&mut self, code: u8) -> Step {
        let name = if code == b'c' {
            Value::Name(self.line()?, self.line()?)
        } else {
            match (self.pop()?, self.pop()?) {
                (Value::Text(name), Value::Text(module)) => Value::Name(module, name),
                _ => Value::Opaque,
            }
        };
        self.push(name)
    }

    #[inline(never)]
    fn list(&mut self, items: Vec<Value<'a>>) -> Step {
        self.pickle.lists.push(items);
        self.push(Value::List(self.pickle.lists.len() - 1))
    }

    fn tuple(&mut self, length: usize) -> Step {
        let start = self.stack.len().checked_sub(length).ok_or_else(short)?;
        let items = self.stack.split_off(start);
        self.list(items)
    }

    #[inline(never)]
    fn new_dict(&mut self, entries: Vec<(&'a [u8], Value<'a>)>) -> Value<'a> {
        self.pickle.dicts.push(entries);
        Value::Dict(self.pickle.dicts.len() - 1)
    }

    fn dict(&mut self, entries: Vec<(&'a [u8], Value<'a>)>) -> Step {
        let dict = self.new_dict(entries);
        self.push(dict)
    }

    fn object(&mut self, arguments: usize) -> Step {
        for _ in 0..arguments {
            self.pop()?;
        }
        self.dict(Vec::new())
    }

    fn extend(&mut self, items: Vec<Value<'a>>) -> Step {
        match self.stack.last() {
            Some(&Value::List(list)) => self.pickle.lists[list].extend(items),
            Some(_) => {}
            None => return Err(short()),
        }
        Ok(())
    }

    #[inline(never)]
    fn insert(&mut self, entries: Vec<(&'a [u8], Value<'a>)>) -> Step {
        match self.stack.last() {
            Some(&Value::Dict(dict)) => self.pickle.dicts[dict].extend(entries),
            Some(_) => {}
            None => return Err(short()),
        }
        Ok(())
    }

    fn place(&mut self, code: u8) -> Step<u64> {
        match code {
            b'q' | b'h' => self.unsigned(1),
            b'r' | b'j' => self.unsigned(4),
            0x94 => Ok(self.memo.len() as u64),
            _ => {
                let line = self.line()?;
                let number = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok());
                number.ok_or_else(short)
            }
        }
    }

    fn put(&mut self, code: u8) -> Step {
        let place = self.place(code)?;
        self.count(1)?;
        let value = *self.stack.last().ok_or_else(short)?;
        self.memo.insert(place, value);
        Ok(())
    }

    fn get(&mut self, code: u8) -> Step {
        let place = self.place(code)?;
        let value = *self.memo.get(&place).ok_or_else(short)?;
        self.push(value)
    }

    /// Applies the state of an object: its attributes, alone or as the first of two items.
    fn build(&mut self) -> Step {
        let state = self.pop()?;
        let states = match state {
            Value::List(list) => self.pickle.lists[list].clone(),
            other => vec![other],
        };
        for state in states {
            if let Value::Dict(dict) = state {
                self.count(self.pickle.dicts[dict].len())?;
                let entries = self.pickle.dicts[dict].clone();
                self.insert(entries)?;
            }
        }
        Ok(())
    }

    /// Reads a storage from its persistent identifier, `("storage", torch.FloatStorage, key, device, length)`.
    fn storage(&mut self, id: Value<'a>) -> Step {
        let items = self.items(id);
        let storage = match *items {
            // A view into another storage, as PyTorch wrote before 0.4.
            [.., Value::List(_)] => None,
            [Value::Text(b"storage"), Value::Name(_, class), Value::Text(key), ..] => {
                number_of(class).map(|number| (key, number))
            }
            _ => None,
        };
        let value = storage.map_or(Value::Opaque, |storage| {
            self.pickle.storages.push(storage);
            Value::Storage(self.pickle.storages.len() - 1)
        });
        self.push(value)
    }

    fn items(&self, value: Value<'a>) -> &[Value<'a>] {
        match value {
            Value::List(list) => &self.pickle.lists[list],
            _ => &[],
        }
    }

    /// The result of a function: that of PyTorch's own functions, or an opaque object for others.
    fn call(&mut self, function: Value<'a>, arguments: Value<'a>, outer: bool) -> Step<Value<'a>> {
        let Value::Name(module, name) = function else { return Ok(self.new_dict(Vec::new())) };
        let arguments = self.items(arguments);
        let made = match (module, name) {
            (b"torch._utils", b"_rebuild_tensor" | b"_rebuild_tensor_v2") => {
                self.tensor(arguments).map(|tensor| {
                    self.pickle.tensors.push(tensor);
                    Value::Tensor(self.pickle.tensors.len() - 1)
                })
            }
            (b"torch._utils", b"_rebuild_parameter" | b"_rebuild_parameter_with_state") => {
                arguments.first().copied()
            }
            // (function, class, its arguments, state)
            (b"torch._tensor", b"_rebuild_from_type_v2") => match *arguments {
                [function, _, arguments, ..] if outer => {
                    return self.call(function, arguments, false);
                }
                _ => None,
            },
            (b"collections", b"OrderedDict") => match arguments.first() {
                Some(&dict @ Value::Dict(_)) => Some(dict),
                Some(&list) => {
                    let two = |item: &Value<'a>| match *self.items(*item) {
                        [Value::Text(key), value] => Some((key, value)),
                        _ => None,
                    };
                    let entries: Vec<_> = self.items(list).iter().filter_map(two).collect();
                    self.count(entries.len())?;
                    Some(self.new_dict(entries))
                }
                None => None,
            },
            // (class, base, state of the base)
            (b"copyreg" | b"copy_reg", b"_reconstructor") => {
                arguments.get(2).copied().filter(|base| matches!(base, Value::Dict(_)))
            }
            _ => None,
        };
        Ok(made.unwrap_or_else(|| self.new_dict(Vec::new())))
    }

    /// Reads a tensor from the arguments `(storage, offset, shape, strides, …)`.
    fn tensor(&self, arguments: &[Value<'a>]) -> Option<TensorRef> {
        let &[Value::Storage(storage), Value::Integer(offset), shape, strides, ..] = arguments
        else {
            return None;
        };
        let sizes = |value: Value<'a>| {
            let size = |item: &Value<'a>| match *item {
                Value::Integer(size) => usize::try_from(size).ok(),
                _ => None,
            };
            self.items(value).iter().map(size).collect::<Option<Vec<usize>>>()
        };
        let (key, number) = self.pickle.storages[storage];
        let (shape, strides) = (sizes(shape)?, sizes(strides)?);
        (shape.len() == strides.len() && shape.len() <= MAX_DEPTH).then_some(TensorRef {
            storage: String::from_utf8_lossy(key).into_owned(),
            number,
            offset: usize::try_from(offset).ok()?,
            shape,
            strides,
        })
    }
}

#[cold]
fn short() -> String {
    "its pickle is cut off or damaged".into()
}

/// A little-endian integer in two's complement, if it fits.
fn signed(bytes: &[u8]) -> Option<i64> {
    let negative = bytes.last().is_some_and(|byte| *byte >= 0x80);
    let mut whole = [if negative { 0xff } else { 0 }; 8];
    whole.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i64::from_le_bytes(whole))
}

/// Entries from a list of alternating keys and values; keys that are no texts are skipped.
#[inline(never)]
fn pairs<'a>(items: &[Value<'a>]) -> Vec<(&'a [u8], Value<'a>)> {
    let (pairs, _) = items.as_chunks::<2>();
    let entry = |&[key, value]: &[Value<'a>; 2]| match key {
        Value::Text(key) => Some((key, value)),
        _ => None,
    };
    pairs.iter().filter_map(entry).collect()
}

/// The number type of each of PyTorch's storage classes.
fn number_of(class: &[u8]) -> Option<Number> {
    Some(match class {
        b"DoubleStorage" => Number::F64,
        b"FloatStorage" => Number::F32,
        b"HalfStorage" => Number::F16,
        b"BFloat16Storage" => Number::BF16,
        b"LongStorage" => Number::I64,
        b"IntStorage" => Number::I32,
        b"ShortStorage" => Number::I16,
        b"CharStorage" => Number::I8,
        b"ByteStorage" | b"BoolStorage" => Number::U8,
        _ => return None,
    })
}
