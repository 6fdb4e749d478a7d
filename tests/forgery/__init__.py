"""The forger's battery: nobody but Entra gets in, however many try, and Entra always does."""
