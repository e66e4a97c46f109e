"""Orders as they are entered: lines, charges, coupons, promotions, copies."""
