"""What a bundle says of every row of a corpus, through the product's own encoders: what is measured is what ships."""
