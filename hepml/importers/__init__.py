"""One streaming import brings other formats to jagged Parquet, which every executor reads."""
