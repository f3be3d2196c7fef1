-- Exact NUMERIC arithmetic on DECIMAL(38, 9). A macro's parameters are expressions that DuckDB copies into
-- its body, so each operand is bound once by a lambda: nested divisions stay linear in size. The lambda's
-- parameter must not have the name of a table in the query: DuckDB would read that table's column.
CREATE MACRO _numeric_units(x) AS
    CAST(trunc(x) AS HUGEINT) * 1000000000 + CAST((x - trunc(x)) * 1000000000 AS HUGEINT);

CREATE MACRO _numeric_from_units(whole, billionths) AS
    CAST(whole AS DECIMAL(38, 9)) + CAST(billionths AS DECIMAL(10, 0)) * CAST(0.000000001 AS DECIMAL(9, 9));

-- Whole part and nine digits separately: a single product with 10^9 would not fit into 128 bits. Half of the
-- divisor, with the sign of the dividend, is added before the truncating division: half away from zero.
CREATE MACRO _numeric_quotient(n, d) AS
    CASE
        WHEN d = 0 THEN NULL
        WHEN abs(d) >= 50000000000000000000000000000
            THEN error('The sandbox divides NUMERIC only by values below 5e19.')
        ELSE bq.main._numeric_from_units(n // d, ((n % d) * 2000000000 + sign(n) * abs(d)) // (2 * d))
    END;

-- NULL for a divisor of zero, as SAFE_DIVIDE; the caller checks the divisor of the operator `/`.
CREATE MACRO _numeric_divide(a, b) AS
    list_transform(
        [{
            'n': bq.main._numeric_units(CAST(a AS DECIMAL(38, 9))),
            'd': bq.main._numeric_units(CAST(b AS DECIMAL(38, 9)))
        }],
        lambda __numeric: bq.main._numeric_quotient(__numeric.n, __numeric.d)
    )[1];

-- DIV: the quotient truncated towards zero.
CREATE MACRO _numeric_div(a, b) AS
    CAST(
        bq.main._numeric_units(CAST(a AS DECIMAL(38, 9))) // bq.main._numeric_units(CAST(b AS DECIMAL(38, 9)))
        AS DECIMAL(38, 9)
    );

-- DuckDB's product of two DECIMAL(38, 9) has the scale 18 and overflows at 1e20. All partial products have
-- one sign, so only the last one is rounded, half away from zero.
CREATE MACRO _numeric_multiply(a, b) AS
    list_transform(
        [{'a': CAST(a AS DECIMAL(38, 9)), 'b': CAST(b AS DECIMAL(38, 9))}],
        lambda __numeric: CAST(trunc(__numeric.a) * __numeric.b AS DECIMAL(38, 9))
            + CAST((__numeric.a - trunc(__numeric.a)) * trunc(__numeric.b) AS DECIMAL(38, 9))
            + CAST((__numeric.a - trunc(__numeric.a)) * (__numeric.b - trunc(__numeric.b)) AS DECIMAL(38, 9))
    )[1];

-- For operands whose type only DuckDB knows: the columns of an UPDATE or of a temporary table.
CREATE MACRO _divide(a DECIMAL(38, 9), b DECIMAL(38, 9)) AS bq.main._numeric_divide(a, b),
    (a DOUBLE, b DOUBLE) AS a / b,
    (a HUGEINT, b HUGEINT) AS a / b;
CREATE MACRO _safe_divide(a DECIMAL(38, 9), b DECIMAL(38, 9)) AS bq.main._numeric_divide(a, b),
    (a DOUBLE, b DOUBLE) AS CASE WHEN b <> 0 THEN a / b END,
    (a HUGEINT, b HUGEINT) AS CASE WHEN b <> 0 THEN a / b END;

CREATE MACRO _numeric_text(x) AS
    regexp_replace(CAST(CAST(x AS DECIMAL(38, 9)) AS VARCHAR), '\.?0*$', '');
