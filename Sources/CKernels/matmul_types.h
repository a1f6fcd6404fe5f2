// Makes `multiply_q32` and `multiply_q256` of one CPU level from its `multiply(type, product, begin, end, scratch)`: a
// function per type, so that each gets loops of its own.
#ifndef KITE_MATMUL_TYPES_H
#define KITE_MATMUL_TYPES_H

#define PRODUCT(TYPE)                                                                                    \
    static void multiply_##TYPE(const struct kite_product *p, size_t begin, size_t end, void *scratch) { \
        multiply(KITE_##TYPE, p, begin, end, scratch);                                                   \
    }

PRODUCT(Q4_0)
PRODUCT(Q4_1)
PRODUCT(Q5_0)
PRODUCT(Q5_1)
PRODUCT(Q8_0)
PRODUCT(IQ4_NL)
PRODUCT(Q2_K)
PRODUCT(Q3_K)
PRODUCT(Q4_K)
PRODUCT(Q5_K)
PRODUCT(Q6_K)
PRODUCT(IQ4_XS)
#undef PRODUCT

static void multiply_q32(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    switch (p->type) {
    case KITE_Q4_0: multiply_Q4_0(p, begin, end, scratch); break;
    case KITE_Q4_1: multiply_Q4_1(p, begin, end, scratch); break;
    case KITE_Q5_0: multiply_Q5_0(p, begin, end, scratch); break;
    case KITE_Q5_1: multiply_Q5_1(p, begin, end, scratch); break;
    case KITE_Q8_0: multiply_Q8_0(p, begin, end, scratch); break;
    default: multiply_IQ4_NL(p, begin, end, scratch); break;
    }
}

static void multiply_q256(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    switch (p->type) {
    case KITE_Q2_K: multiply_Q2_K(p, begin, end, scratch); break;
    case KITE_Q3_K: multiply_Q3_K(p, begin, end, scratch); break;
    case KITE_Q4_K: multiply_Q4_K(p, begin, end, scratch); break;
    case KITE_Q5_K: multiply_Q5_K(p, begin, end, scratch); break;
    case KITE_Q6_K: multiply_Q6_K(p, begin, end, scratch); break;
    default: multiply_IQ4_XS(p, begin, end, scratch); break;
    }
}

#endif
