-- Exact NUMERIC arithmetic on DECIMAL(38, 9). A macro's parameters are expressions that DuckDB copies into
-- its body, so each operand is bound once by a lambda: nested divisions stay linear in size. The lambda's
-- parameter must not have the name of a table in the query: DuckDB would read that table's column.

-- `units` are billionths. DuckDB's cast of a product to nine digits, or of a DECIMAL to another scale, divides 128 bits:
-- microseconds a row (2026-11-29). DOUBLE is exact enough for nearly all values: its result in units has a relative
-- error of at most 4 * 2^-53, so the nearest whole unit is the exact result unless it is close to half a unit.
-- CASE and not COALESCE: DuckDB computes all arguments of COALESCE, but a branch of CASE only for its rows.
CREATE MACRO _is_certain(units) AS
    abs(units) < 200000000000000 AND abs(abs(units - round(units)) - 0.5) > abs(units) * 1e-15 + 1e-6;
CREATE MACRO _from_units(units) AS
    CAST(
        CAST(CAST(round(units) AS BIGINT) AS DECIMAL(18, 0)) * CAST(0.000000001 AS DECIMAL(9, 9)) AS DECIMAL(38, 9)
    );

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

-- A lambda of its own: DuckDB allocates the vectors of a lambda's whole body for every 2,048 rows, also those of a branch
-- without rows, but not those of a lambda in that branch.
CREATE MACRO _exact_quotient(a, b) AS
    list_transform(
        list_transform(
            [{'a': a, 'b': b}],
            lambda __operands: {
                'n': bq.main._numeric_units(__operands.a), 'd': bq.main._numeric_units(__operands.b)
            }
        ),
        lambda __exact: bq.main._numeric_quotient(__exact.n, __exact.d)
    )[1];

-- NULL for a divisor of zero, as SAFE_DIVIDE; the caller checks the divisor of the operator `/`.
CREATE MACRO _numeric_divide(a, b) AS
    list_transform(
        list_transform(
            [{'a': CAST(a AS DECIMAL(38, 9)), 'b': CAST(b AS DECIMAL(38, 9))}],
            lambda __operands: {
                'a': __operands.a,
                'b': __operands.b,
                'units': CAST(__operands.a AS DOUBLE) / CAST(__operands.b AS DOUBLE) * 1000000000
            }
        ),
        lambda __numeric: CASE
            WHEN __numeric.b <> 0 AND bq.main._is_certain(__numeric.units)
                THEN bq.main._from_units(__numeric.units)
            ELSE bq.main._exact_quotient(__numeric.a, __numeric.b)
        END
    )[1];

-- DIV: the quotient truncated towards zero.
CREATE MACRO _numeric_div(a, b) AS
    CAST(
        bq.main._numeric_units(CAST(a AS DECIMAL(38, 9))) // bq.main._numeric_units(CAST(b AS DECIMAL(38, 9)))
        AS DECIMAL(38, 9)
    );

-- DuckDB's product of two DECIMAL(38, 9) has the scale 18 and overflows at 1e20. All partial products have
-- one sign, so only the last one is rounded, half away from zero.
CREATE MACRO _exact_product(a, b) AS
    list_transform(
        [{'a': a, 'b': b}],
        lambda __exact: CAST(trunc(__exact.a) * __exact.b AS DECIMAL(38, 9))
            + CAST((__exact.a - trunc(__exact.a)) * trunc(__exact.b) AS DECIMAL(38, 9))
            + CAST((__exact.a - trunc(__exact.a)) * (__exact.b - trunc(__exact.b)) AS DECIMAL(38, 9))
    )[1];
CREATE MACRO _numeric_multiply(a, b) AS
    list_transform(
        list_transform(
            [{'a': CAST(a AS DECIMAL(38, 9)), 'b': CAST(b AS DECIMAL(38, 9))}],
            lambda __operands: {
                'a': __operands.a,
                'b': __operands.b,
                'units': CAST(__operands.a AS DOUBLE) * CAST(__operands.b AS DOUBLE) * 1000000000
            }
        ),
        lambda __numeric: CASE
            WHEN bq.main._is_certain(__numeric.units) THEN bq.main._from_units(__numeric.units)
            ELSE bq.main._exact_product(__numeric.a, __numeric.b)
        END
    )[1];

-- For operands whose type only DuckDB knows: the columns of an UPDATE or of a temporary table.
CREATE MACRO _divide(a DECIMAL(38, 9), b DECIMAL(38, 9)) AS bq.main._numeric_divide(a, b),
    (a DOUBLE, b DOUBLE) AS a / b,
    (a HUGEINT, b HUGEINT) AS a / b;
CREATE MACRO _safe_divide(a DECIMAL(38, 9), b DECIMAL(38, 9)) AS bq.main._numeric_divide(a, b),
    (a DOUBLE, b DOUBLE) AS CASE WHEN b <> 0 THEN a / b END,
    (a HUGEINT, b HUGEINT) AS CASE WHEN b <> 0 THEN a / b END;

-- `factor` is 10^digits as a DOUBLE, `unit` its inverse. A lambda of its own binds `x` once: within CASE, DuckDB computes
-- an expression that occurs twice two times.
CREATE MACRO _numeric_round(x, digits, factor, unit) AS
    list_transform(
        list_transform(
            [CAST(x AS DECIMAL(38, 9))],
            lambda __rounded: {'x': __rounded, 'units': CAST(__rounded AS DOUBLE) * factor}
        ),
        lambda __numeric: CASE
            WHEN bq.main._is_certain(__numeric.units)
                THEN CAST(
                    CAST(CAST(round(__numeric.units) AS BIGINT) AS DECIMAL(18, 0)) * CAST(unit AS DECIMAL(5, 4))
                    AS DECIMAL(38, 9)
                )
            ELSE CAST(round(__numeric.x, digits) AS DECIMAL(38, 9))
        END
    )[1];

CREATE MACRO _numeric_greatest(a, b) AS
    list_transform(
        [{'a': CAST(a AS DECIMAL(38, 9)), 'b': CAST(b AS DECIMAL(38, 9))}],
        lambda __both: CASE WHEN __both.a >= __both.b THEN __both.a WHEN __both.a < __both.b THEN __both.b END
    )[1];

CREATE MACRO _numeric_text(x) AS
    regexp_replace(CAST(CAST(x AS DECIMAL(38, 9)) AS VARCHAR), '\.?0*$', '');

-- The cast of a text to 128 bits takes 4 microseconds. The one to 64 bits is wrong for some exponents (2026-11-29), and
-- NULL for a text that it cannot read or that does not fit.
CREATE MACRO _try_parse_numeric(x) AS
    list_transform(
        [x],
        lambda __text: CASE
            WHEN NOT contains(__text, 'e') AND NOT contains(__text, 'E')
                AND TRY_CAST(__text AS DECIMAL(18, 9)) IS NOT NULL
                THEN CAST(TRY_CAST(__text AS DECIMAL(18, 9)) AS DECIMAL(38, 9))
            ELSE TRY_CAST(__text AS DECIMAL(38, 9))
        END
    )[1];
