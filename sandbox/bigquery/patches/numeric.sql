-- Exact NUMERIC arithmetic on DECIMAL(38, 9). A macro's parameters are expressions that DuckDB copies into
-- its body, so each operand is bound once by a lambda: nested divisions stay linear in size. The lambda's
-- parameter must not have the name of a table in the query: DuckDB would read that table's column.

-- Small operands are computed in 64 bits, as DECIMAL(18, 9) or in units of 1e-9: a cast of DuckDB's product to nine
-- digits, or a division of 128 bits, takes a microsecond a row (2026-11-29). CASE and not COALESCE: DuckDB computes
-- all arguments of COALESCE, but a branch of CASE only for its rows.
CREATE MACRO _small_units(x) AS
    CAST(trunc(x) AS BIGINT) * 1000000000
        + CAST(CAST(x - trunc(x) AS DECIMAL(18, 9)) * CAST(1000000000 AS DECIMAL(10, 0)) AS BIGINT);
CREATE MACRO _from_small_units(units) AS
    CAST(CAST(units AS DECIMAL(19, 0)) * CAST(0.000000001 AS DECIMAL(9, 9)) AS DECIMAL(38, 9));

-- Below 9e9 the units of a product fit into 64 bits.
CREATE MACRO _has_small_product(a, b) AS
    abs(a) < 1000000000 AND abs(b) < 1000000000 AND abs(CAST(a AS DOUBLE) * CAST(b AS DOUBLE)) < 9000000000;
CREATE MACRO _small_product(a, b) AS
    list_transform(
        [{'a': CAST(a AS DECIMAL(18, 9)), 'b': CAST(b AS DECIMAL(18, 9))}],
        -- All partial products have one sign, so only the last one is rounded, half away from zero.
        lambda __small: bq.main._from_small_units(
            CAST(trunc(__small.a) AS BIGINT) * bq.main._small_units(__small.b)
            + bq.main._small_units(__small.a - trunc(__small.a)) * CAST(trunc(__small.b) AS BIGINT)
            + (
                2 * bq.main._small_units(__small.a - trunc(__small.a))
                    * bq.main._small_units(__small.b - trunc(__small.b))
                + sign(__small.a) * sign(__small.b) * 1000000000
            ) // 2000000000
        )
    )[1];

-- A DOUBLE has 53 bits: for operands below 9e6 and a quotient below 1e6 its quotient is less than a unit away.
CREATE MACRO _has_small_quotient(a, b) AS
    b <> 0 AND abs(a) < 9000000 AND abs(b) < 9000000 AND abs(CAST(a AS DOUBLE) / CAST(b AS DOUBLE)) < 1000000;
-- Half away from zero: a guess is one too small from half a unit on, and one too large beyond half a unit.
CREATE MACRO _correction(doubled, divisor) AS
    CASE WHEN doubled >= divisor THEN 1 WHEN doubled < -divisor THEN -1 ELSE 0 END;
CREATE MACRO _small_quotient(a, b) AS
    list_transform(
        [{
            'n': bq.main._small_units(CAST(a AS DECIMAL(18, 9))),
            'd': bq.main._small_units(CAST(b AS DECIMAL(18, 9))),
            'guess': CAST(round(CAST(a AS DOUBLE) / CAST(b AS DOUBLE) * 1000000000) AS BIGINT)
        }],
        lambda __small: bq.main._from_small_units(
            __small.guess
            + sign(__small.n) * sign(__small.d) * bq.main._correction(
                -- Twice the remainder, with the sign of the quotient.
                2 * sign(__small.n) * CAST(
                    CAST(__small.n AS HUGEINT) * 1000000000 - CAST(__small.guess AS HUGEINT) * __small.d AS BIGINT
                ),
                abs(__small.d)
            )
        )
    )[1];

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
        [{'a': CAST(a AS DECIMAL(38, 9)), 'b': CAST(b AS DECIMAL(38, 9))}],
        lambda __numeric: CASE
            WHEN bq.main._has_small_quotient(__numeric.a, __numeric.b)
                THEN bq.main._small_quotient(__numeric.a, __numeric.b)
            ELSE bq.main._numeric_quotient(
                bq.main._numeric_units(__numeric.a), bq.main._numeric_units(__numeric.b)
            )
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
CREATE MACRO _numeric_multiply(a, b) AS
    list_transform(
        [{'a': CAST(a AS DECIMAL(38, 9)), 'b': CAST(b AS DECIMAL(38, 9))}],
        lambda __numeric: CASE
            WHEN bq.main._has_small_product(__numeric.a, __numeric.b)
                THEN bq.main._small_product(__numeric.a, __numeric.b)
            ELSE CAST(trunc(__numeric.a) * __numeric.b AS DECIMAL(38, 9))
                + CAST((__numeric.a - trunc(__numeric.a)) * trunc(__numeric.b) AS DECIMAL(38, 9))
                + CAST((__numeric.a - trunc(__numeric.a)) * (__numeric.b - trunc(__numeric.b)) AS DECIMAL(38, 9))
        END
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
