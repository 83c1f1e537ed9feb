#include "vector_schema.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char text[] = {
#embed "../../spec/vectors/schema.json"
};

const unsigned char *wiremesh_vector_schema(size_t *length) {
    *length = sizeof text;
    return text;
}
