#include <stddef.h>

/// The text of spec/vectors/schema.json, and its length in bytes.
const unsigned char *_Nonnull wiremesh_vector_schema(size_t *_Nonnull length);
