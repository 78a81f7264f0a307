//! Views over memory with any strides.
