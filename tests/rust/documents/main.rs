//! What is generated and committed is what the sources make: the headers, and parts of the documents. It is a program
//! of its own, since other tests register plugins.

mod header;
mod readme;
